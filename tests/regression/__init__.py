"""One test for each bug that was fixed, so that it stays fixed."""
