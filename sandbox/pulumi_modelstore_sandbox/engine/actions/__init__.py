"""What the engine does to one resource, one kind of step a file."""
