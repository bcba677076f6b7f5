"""Chats as files and as text for other programs."""
