"""MCP servers on the settings page."""
