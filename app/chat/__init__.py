"""What was said: the turn loop."""
