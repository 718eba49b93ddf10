"""One connection to one S3 endpoint: where it is, who asks, what it answers when it refuses."""
