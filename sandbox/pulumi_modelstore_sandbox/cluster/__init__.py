"""A provider for Kubernetes types: into a folder of manifests, or into a real API server."""
