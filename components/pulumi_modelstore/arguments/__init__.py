"""What arguments must look like, and how a component says that they do not."""
