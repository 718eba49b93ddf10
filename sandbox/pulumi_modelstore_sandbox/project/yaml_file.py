"""Reads a YAML file of a project as the Pulumi CLI reads it."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

from pulumi_modelstore_sandbox.project.errors import ProjectError

# What PyYAML takes from YAML 1.1 and the CLI does not: `on` and `no` as booleans, 12:30:45 as a number, 1e3 as text.
_RESOLVED = {
    "bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    "int": (r"^[-+]?(?:0b[01_]+|0o?[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$", "-+0123456789"),
    "float": (
        r"^(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+.0123456789",
    ),
}


def read_mapping(file: Path) -> dict[str, Any]:
    """Return the mapping that the file holds, an empty one for an empty file.

    Raises ProjectError, which names the file and, where it is known, the line.
    """
    import yaml

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"{file} cannot be read: {error}.") from None
    try:
        data = yaml.load(text, Loader=_loader())  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        place = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ProjectError(f"{file} is not valid YAML{place}: {error.problem or error.context}.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ProjectError(f"{file} is not valid YAML: {error}.") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ProjectError(f"{file} must hold a mapping of keys to values, not a {type(data).__name__}.")
    return {str(key): value for key, value in data.items()}


@functools.cache
def _loader() -> Any:
    import yaml

    parent = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    replaced = {f"tag:yaml.org,2002:{kind}" for kind in _RESOLVED}
    resolvers = {
        first: [(tag, pattern) for tag, pattern in known if tag not in replaced]
        for first, known in parent.yaml_implicit_resolvers.items()
    }
    loader: Any = type("ProjectLoader", (parent,), {"yaml_implicit_resolvers": resolvers})
    for kind, (pattern, first) in _RESOLVED.items():
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(pattern), list(first))
    return loader
