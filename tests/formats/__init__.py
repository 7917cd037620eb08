"""File formats: against the tools that define them, against hostile bytes, against themselves."""
