"""A model's files: what they are, where they lie in a bucket, how they get there and how they are named."""
