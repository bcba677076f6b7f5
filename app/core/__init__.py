"""What several rooms share: domain dataclasses, error types, units, paths. No Qt, no I/O."""
