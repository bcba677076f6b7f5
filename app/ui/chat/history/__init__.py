"""The list of conversations beside the chat: open, search, rename, pin, archive, trash."""
