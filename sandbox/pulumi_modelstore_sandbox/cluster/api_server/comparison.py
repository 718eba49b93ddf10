"""What changes where the server refused its dry run."""

from __future__ import annotations

import re
from typing import Final

from pulumi_modelstore_sandbox.cluster.destination import Comparison
from pulumi_modelstore_sandbox.cluster.difference import changes
from pulumi_modelstore_sandbox.cluster.errors import ServerRefused
from pulumi_modelstore_sandbox.cluster.properties import Object, Path
from pulumi_modelstore_sandbox.cluster.property_path import at, parsed, present, put

# Servers name an item of a list by its key: spec.containers[name="main"].image.
_BY_KEY: Final = re.compile(r"\[[^\]]*=[^\]]*\]")


def differs(comparison: Comparison) -> bool:
    """Whether anything changes."""
    return next(changes(comparison.before, comparison.after), None) is not None


def named_fields(refused: ServerRefused) -> tuple[Path, ...]:
    """Return the fields that the server's answer names."""
    return tuple(parsed(_BY_KEY.sub("[*]", field)) for field in refused.fields)


def without_dry_run(by_inputs: Comparison, live: Object, refused: ServerRefused) -> Comparison:
    """Compare by declarations where the server will not change a field.

    When those are alike the field has lost something that is declared no more: it is then compared whole, with
    whatever the server has put into it.
    """
    fields, before = named_fields(refused), by_inputs.before
    if not differs(by_inputs):
        for path in fields:
            if present(before, path):
                before = put(before, path, at(live, path))
    return Comparison(before, by_inputs.after, fields)
