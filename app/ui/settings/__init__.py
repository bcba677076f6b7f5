"""The settings page: made from the declarations, searched, applied at once."""
