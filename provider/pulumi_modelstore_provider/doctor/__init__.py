"""Examines a live store: what of it works as KServe and this package need it, tried on objects of its own."""
