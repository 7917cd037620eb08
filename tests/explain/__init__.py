"""Tests of the views that explain a circuit: paths, profiles, traces, exports."""
