"""The chat page: session, transcript, composer, header."""
