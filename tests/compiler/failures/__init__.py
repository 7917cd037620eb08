"""Circuits that do not compile, one a file; the messages are tests/golden/errors/*.txt."""
