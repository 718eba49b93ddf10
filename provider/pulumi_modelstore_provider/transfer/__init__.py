"""Uploads one version as a process of its own: what an import Job runs."""
