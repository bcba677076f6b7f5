"""The load panel: where a model would go and how fast it would be, before it is loaded."""
