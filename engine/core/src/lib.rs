//! The engine without Python.
