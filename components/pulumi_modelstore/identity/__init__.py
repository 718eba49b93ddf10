"""Access without a key: what a ServiceAccount becomes in a cloud, one file for each cloud."""
