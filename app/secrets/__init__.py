"""What was entrusted to us? Tokens and keys, in the system's keyring."""
