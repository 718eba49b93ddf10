"""What a stack declares: components for model storage, keys, artifacts and GPU services."""
