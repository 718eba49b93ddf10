"""The rules of Kubernetes for names, labels, annotations and quantities.

Source: the Kubernetes documentation, "Object Names and IDs", "Labels and Selectors", "Quantity".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_QUANTITY = re.compile(r"(?P<number>\d+(\.\d*)?|\.\d+)(?P<unit>[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?")
_UNITS = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}
# Set by apiserver for all annotations of one object together.
_ANNOTATIONS_BYTES = 256 * 1024


def label_name_problems(value: Any, *, argument: str, longest: int = 63) -> list[Problem]:
    """What is wrong with a name that must be an RFC 1123 label: namespaces, InferenceServices."""
    remedy = f"Use 1 to {longest} lower-case letters, digits and hyphens, with a letter or digit at both ends"
    return _name_problems(value, argument, _LABEL, longest, remedy)


def subdomain_name_problems(value: Any, *, argument: str) -> list[Problem]:
    """What is wrong with a name that must be an RFC 1123 subdomain: Secrets, ServiceAccounts, runtimes."""
    remedy = "Use 1 to 253 lower-case letters, digits, dots and hyphens, with a letter or digit at both ends"
    return _name_problems(value, argument, _SUBDOMAIN, 253, remedy)


def _name_problems(value: Any, argument: str, form: re.Pattern[str], longest: int, remedy: str) -> list[Problem]:
    if not is_plain(value):
        return []
    if not isinstance(value, str) or not value:
        return [Problem(argument, "is empty" if value == "" else f"{value!r} is no name", remedy)]
    if len(value) > longest or not form.fullmatch(value):
        return [Problem(argument, f'"{value}" is no name that Kubernetes takes', remedy)]
    return []


def labels_problems(labels: Mapping[str, Any], *, argument: str) -> list[Problem]:
    """What is wrong with a mapping of labels."""
    found = _key_problems(labels, argument)
    for key, value in labels.items():
        if is_plain(value) and (
            not isinstance(value, str) or len(value) > 63 or (value and not _QUALIFIED.fullmatch(value))
        ):
            remedy = "Use at most 63 letters, digits, dots, hyphens and underscores"
            found.append(Problem(f'{argument}["{key}"]', f"{value!r} is no label value", remedy))
    return found


def annotations_problems(annotations: Mapping[str, Any], *, argument: str) -> list[Problem]:
    """What is wrong with a mapping of annotations."""
    found = _key_problems(annotations, argument)
    total = 0
    for key, value in annotations.items():
        if is_plain(value) and not isinstance(value, str):
            found.append(Problem(f'{argument}["{key}"]', f"{value!r} is no string", "Quote it"))
        elif is_plain(value):
            total += len(key.encode()) + len(value.encode())
    if total > _ANNOTATIONS_BYTES:
        found.append(Problem(argument, f"hold {total} bytes", f"Keep them within {_ANNOTATIONS_BYTES} bytes"))
    return found


def _key_problems(mapping: Mapping[str, Any], argument: str) -> list[Problem]:
    found = []
    for key in mapping:
        prefix, slash, name = str(key).rpartition("/")
        good_prefix = not slash or (len(prefix) <= 253 and _SUBDOMAIN.fullmatch(prefix))
        if not good_prefix or len(name) > 63 or not _QUALIFIED.fullmatch(name):
            remedy = "Write keys as name or domain.example/name, the name at most 63 characters"
            found.append(Problem(argument, f'"{key}" is no key that Kubernetes takes', remedy))
    return found


def quantity(value: str | float) -> Decimal:
    """The amount that a quantity such as `500m`, `16Gi` or `2` stands for.

    Raises:
        ValueError: where Kubernetes would not take it, or it is negative.
    """
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        raise ValueError(f"{value!r} is no quantity")
    unit = match["unit"] or ""
    if unit[:1] in {"e", "E"} and len(unit) > 1 and unit != "Ei":
        return Decimal(match["number"]) * Decimal(10) ** int(unit[1:])
    return Decimal(match["number"]) * _UNITS[unit]


def quantity_text(count: int) -> str:
    """A whole, positive number of bytes as a quantity that stands for exactly that many: `1200Gi`, `1Ti`, `1000`."""
    for unit in ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki"):
        if count % int(_UNITS[unit]) == 0:
            return f"{count // int(_UNITS[unit])}{unit}"
    return str(count)


def _quantity_remedy(value: Any) -> str:
    # As people write it: 80 GB, 80GiB.
    text = value.replace(" ", "").removesuffix("B") if isinstance(value, str) else ""
    return f"Write {text}" if _QUANTITY.fullmatch(text) else "Write it like 500m, 4, 16Gi or 1.5Ti"


def quantity_problems(value: Any, *, argument: str) -> list[Problem]:
    """What is wrong with a quantity; zero is one that no container can use."""
    if not is_plain(value):
        return []
    try:
        amount = quantity(value)
    except ValueError:
        return [Problem(argument, f"{value!r} is no quantity", _quantity_remedy(value))]
    if amount == 0:
        return [Problem(argument, "is zero", "Leave it out, or give it an amount")]
    return []
