"""From a backend's settings to the `connection` input of the provider's resources."""

from __future__ import annotations

from typing import Any

import pulumi
from pydantic import ValidationError

from pulumi_modelstore.arguments.inputs import derive, is_plain
from pulumi_modelstore.arguments.problem import Problem, problems_of
from pulumi_modelstore_provider.s3.connection import S3Connection


def connection_problems(*, endpoint: Any, **settings: Any) -> list[Problem]:
    """What is wrong with the settings of a connection; an endpoint that is not known yet is left to the provider."""
    try:
        S3Connection(endpoint=endpoint if endpoint is not None and is_plain(endpoint) else None, **settings)
    except ValidationError as error:
        return problems_of(error)
    return []


def connection_inputs(*, endpoint: Any, **settings: Any) -> pulumi.Input[dict[str, Any]]:
    """The input; plain where the endpoint is. A wrong one that is known only later is left to the provider's check."""
    rest = S3Connection(**settings).to_inputs()
    return derive(lambda known: rest if known is None else {"endpoint": known.rstrip("/"), **rest}, endpoint)
