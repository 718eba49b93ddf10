"""Waiting for services of a cluster, and saying why one does not come up."""
