"""The object store: a part of a bucket, public or private, on AWS S3, any S3 endpoint or Azure."""
