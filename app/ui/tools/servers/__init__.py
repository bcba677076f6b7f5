"""What MCP servers have for a question besides tools: resources and prompts."""
