"""How one conversation is asked: its instructions and what else was chosen for it."""
