"""Container images by digest: a tag may mean another server tomorrow."""

from __future__ import annotations

import re
from typing import Any

from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem

_BY_DIGEST = re.compile(r"[a-z0-9][a-z0-9._:/-]*(:[A-Za-z0-9_][A-Za-z0-9._-]*)?@sha256:[0-9a-f]{64}")


def image_problems(image: Any, *, argument: str = "image", example: str) -> list[Problem]:
    """What is wrong with an image such as `registry.example/name:1.2@sha256:...`; `example` is a name with its tag."""
    if not is_plain(image):
        return []
    if isinstance(image, str) and _BY_DIGEST.fullmatch(image):
        return []
    found = "names no digest" if isinstance(image, str) and image else "is missing"
    remedy = f"Write it like {example}@sha256:...; `docker buildx imagetools inspect {example}` tells the digest"
    return [Problem(argument, found, remedy)]
