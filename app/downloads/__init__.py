"""Get it, whole and verified."""
