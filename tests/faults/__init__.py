"""The faults of the list of promises, each provoked for real, each able to fail (see `plants`)."""
