"""One bucket of Google Cloud Storage."""
