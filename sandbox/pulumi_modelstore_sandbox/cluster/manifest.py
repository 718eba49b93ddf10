"""One object as YAML text that kubectl takes as it stands."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any, Final

from pulumi_modelstore_sandbox.cluster.errors import ManifestUnreadable
from pulumi_modelstore_sandbox.cluster.properties import Object

_FIRST: Final = {
    key: rank for rank, key in enumerate(("apiVersion", "kind", "metadata", "name", "namespace", "labels"))
}

# YAML readers disagree on what is a number or a truth value: Go's reads 12e4567 as one, PyYAML does not.
_AMBIGUOUS: Final = re.compile(
    r"[-+.]?[0-9].*|[-+]?\.(inf|nan)|~|=|<<|null|y|n|yes|no|on|off|true|false", re.IGNORECASE
)
_NO_FOLDING: Final = 2**31 - 1
_WIDEST_BLOCK: Final = re.compile(r"[ \t]$|^[ \t]|[^\t\n\x20-\x7e]", re.MULTILINE)


def render(item: Object) -> str:
    """Write an object: stable key order, no nulls, strings that look like something else in quotes."""
    import yaml

    return str(
        yaml.dump(
            _ordered(item),
            Dumper=_dumper(),
            sort_keys=False,
            default_flow_style=False,
            allow_unicode=True,
            width=_NO_FOLDING,
        )
    )


def parse(text: str, *, file: str = "") -> Object:
    """Read one object; a date stays the string that it is to Kubernetes.

    Raises ManifestUnreadable where the text is no YAML, or is not one map.
    """
    objects = list(parse_all(text, file=file))
    if len(objects) != 1:
        raise ManifestUnreadable(
            "A manifest must hold one object", on=file, remedy="Restore the file, or remove it and run a refresh"
        )
    return objects[0]


def parse_all(text: str, *, file: str = "") -> Iterable[Object]:
    """Read every object of a text; empty documents are left out."""
    import yaml

    try:
        documents = [document for document in yaml.load_all(text, Loader=_loader()) if document is not None]
    except yaml.YAMLError as error:
        # The error's own text quotes the line, which in a Secret's manifest is a secret.
        mark = getattr(error, "problem_mark", None)
        place = f"{file}, line {mark.line + 1}" if mark else file
        raise ManifestUnreadable(
            "A manifest is not valid YAML", on=place, remedy="Correct the file, or remove it and run a refresh"
        ) from None
    if not all(isinstance(document, dict) for document in documents):
        raise ManifestUnreadable("A manifest holds something else than Kubernetes objects", on=file)
    return documents


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        keys = sorted((key for key in value if value[key] is not None), key=lambda key: (_FIRST.get(key, 99), key))
        return {key: _ordered(value[key]) for key in keys}
    if isinstance(value, list):
        return [_ordered(item) for item in value if item is not None]
    return value


@functools.cache
def _dumper() -> Any:
    import yaml

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc] # libyaml's where it is built in
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's method
            return True

    def text(dumper: Any, value: str) -> Any:
        if "\n" in value and not _WIDEST_BLOCK.search(value):
            return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|")
        style = '"' if _AMBIGUOUS.fullmatch(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return Dumper


@functools.cache
def _loader() -> Any:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # libyaml's where it is built in
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }
    return Loader
