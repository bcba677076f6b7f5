"""How a model speaks: how a conversation is written for it, how its answer is read."""
