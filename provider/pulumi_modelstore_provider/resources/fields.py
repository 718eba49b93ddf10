"""Checks of single inputs that several resources share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from pulumi_modelstore_provider.artifacts.layout import validate_bucket, validate_name, validate_prefix


def one_line(value: str, problems: Sequence[str]) -> str:
    """Return `value`; raise ValueError with all problems in one line where there are some."""
    if problems:
        raise ValueError("; ".join(problems))
    return value


def valid_model_prefix(value: str) -> str:
    """Return a model's prefix (`<prefix>/models/<model>/`); raise ValueError where it is none."""
    above, separator, model = value.rstrip("/").rpartition("/")
    if not separator or above.rsplit("/", 1)[-1] != "models" or value.startswith("/"):
        raise ValueError("a model's prefix has the form '<prefix>/models/<model>/'")
    return one_line(value, validate_name(model) + validate_prefix(above))


BucketName: TypeAlias = Annotated[str, AfterValidator(lambda value: one_line(value, validate_bucket(value)))]
"""Name of a bucket, by S3's rules."""

ModelPrefix: TypeAlias = Annotated[str, AfterValidator(valid_model_prefix)]
"""`<prefix>/models/<model>/`."""
