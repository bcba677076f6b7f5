"""Chats from elsewhere: this program's own exports and those of others. All of it is untrusted."""
