"""The provider's own configuration: checked against what pulumi_aws's Provider takes, followed as far as it applies."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from pulumi_modelstore_sandbox.aws.argument_types import Problem, arguments_class, conform
from pulumi_modelstore_sandbox.aws.clients import Settings
from pulumi_modelstore_sandbox.aws.endpoint import DEFAULT_REGION
from pulumi_modelstore_sandbox.aws.properties import Properties, is_unknown


def configuration_problems(inputs: Properties) -> list[Problem]:
    """Return what the real provider would refuse in its configuration."""
    # `version` and what starts with two underscores are the engine's own.
    given = {key: _decoded(value) for key, value in inputs.items() if key != "version" and not key.startswith("__")}
    _, problems = conform(arguments_class("pulumi_aws.provider", "Provider"), given)
    return problems


def settings(inputs: Properties) -> Settings:
    """Return what the sandbox follows: the region and the default tags.

    Keys, profiles, roles and endpoints are a real account's: accepted, and not used.
    """
    region = inputs.get("region")
    if not isinstance(region, str) or not region or is_unknown(region):
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    default = _decoded(inputs.get("defaultTags"))
    tags = default.get("tags") if isinstance(default, Mapping) else None
    known = {key: str(value) for key, value in tags.items()} if isinstance(tags, Mapping) else {}
    return Settings(region=region, default_tags=known)


def _decoded(value: Any) -> Any:
    """Read what is not text from the JSON that a provider's configuration holds it in."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
