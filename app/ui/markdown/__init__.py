"""Markdown as it streams: cut into top-level blocks, written into text documents, never HTML."""
