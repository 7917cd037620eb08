"""Views of a compiled circuit for people: profiles, traces of a signal, a row in words."""
