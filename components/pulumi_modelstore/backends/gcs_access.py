"""What a service account may do in a bucket: roles of Cloud Storage, and how they are narrowed to a prefix."""

from __future__ import annotations

READER = "roles/storage.objectViewer"
WRITER = "roles/storage.objectUser"
BUCKET_READER = "roles/storage.legacyBucketReader"
"""Lets HeadBucket work, with which S3's clients and KServe begin."""


def prefix_condition(bucket: str, prefix: str) -> str:
    """The condition under which a role holds for the objects under a prefix, and for listing the bucket.

    Listing is asked of the bucket, reading of the object (Google Cloud documentation, "Resource attributes for IAM
    Conditions"): as on other stores, the names of other objects can be seen, their contents cannot.
    """
    objects = f"projects/_/buckets/{bucket}/objects/{prefix.strip('/')}/"
    return f'resource.type == "storage.googleapis.com/Bucket" || resource.name.startsWith("{objects}")'
