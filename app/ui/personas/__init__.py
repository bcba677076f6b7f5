"""Personas in the window: choosing, instructions of a chat, managing, files."""
