"""Names of buckets and prefixes in them, as far as they are known while the program runs."""

from __future__ import annotations

import re
from typing import Any

from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore_provider.artifacts.layout import models_prefix, validate_bucket, validate_prefix


def bucket_name_problems(name: Any) -> list[Problem]:
    """Every rule of S3 that the name breaks (Amazon S3 User Guide, general purpose bucket naming rules)."""
    if not is_plain(name):
        return []
    if not name:
        return [Problem("bucket", "is empty", "Give the bucket a name of 3 to 63 characters")]
    return [Problem("bucket", found, _suggestion(name)) for found in validate_bucket(name)]


def _suggestion(name: str) -> str:
    """A name like the refused one that S3 takes; where there is none, what one looks like."""
    like = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:63].rstrip("-.")
    if like != name and not validate_bucket(like):
        return f"{like!r} would do"
    return "Choose 3 to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at both ends"


def prefix_problems(prefix: str) -> list[Problem]:
    """What is wrong with a key prefix such as `team-a/llms`; the empty one means the whole bucket."""
    return [Problem("prefix", found, "Write it like team-a/llms") for found in validate_prefix(prefix)]


def objects_prefix_problems(prefix: str, *, argument: str) -> list[Problem]:
    """What is wrong with a part of a namespace that is for other objects than models."""
    path = prefix.strip("/")
    if not path:
        return [Problem(argument, "is empty", "Give it a part of the namespace: the models are beside it")]
    if f"{path}/".startswith(models_prefix("")):
        return [Problem(argument, f'"{prefix}" is where models are', "Give it another part, such as objects/site")]
    return [Problem(argument, problem.found, problem.remedy) for problem in prefix_problems(path)]
