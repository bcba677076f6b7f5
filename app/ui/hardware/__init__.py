"""The hardware page: what this machine is, and what it does right now."""
