"""Searching the web with a provider that the person chose."""
