"""The chats on disk: SQLite, one thread that writes, and nothing lost."""
