"""The model page: what a model is, and what each of its quantizations would be on a machine."""
