"""One container of Azure Blob Storage."""
