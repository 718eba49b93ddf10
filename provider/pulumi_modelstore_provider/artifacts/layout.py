"""Where a model's objects lie in a bucket, and which names fit there.

<prefix>/models/<model>/<version>/<files...>           immutable once its manifest exists
<prefix>/models/<model>/manifests/<version>.json       written last: the commit point
<prefix>/models/<model>/tags/<tag>                     text: a version, or another tag
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST_NAME = 128
_MANIFESTS = "manifests"
_TAGS = "tags"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IPV4 = re.compile(r"\d+\.\d+\.\d+\.\d+")
_RESERVED_BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_BUCKET_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def models_prefix(prefix: str) -> str:
    """Return the key prefix of all models of a namespace; it ends in a slash. `prefix` may be empty."""
    above = prefix.strip("/")
    return f"{above}/models/" if above else "models/"


def model_prefix(prefix: str, model: str) -> str:
    """Return the key prefix of everything that belongs to `model`; it ends in a slash. `prefix` may be empty."""
    return f"{models_prefix(prefix)}{model}/"


def version_prefix(model_prefix: str, version: str) -> str:
    """Return the key prefix of one version's files.

    It ends in a slash: without it KServe's storage initializer would fetch `v1` together with `v10`.
    """
    return f"{model_prefix.rstrip('/')}/{version}/"


def manifest_key(model_prefix: str, version: str) -> str:
    """Return the key of the object that commits `version`."""
    return f"{model_prefix.rstrip('/')}/{_MANIFESTS}/{version}.json"


def manifests_prefix(model_prefix: str) -> str:
    """Return the key prefix of the objects that commit a model's versions; it ends in a slash."""
    return f"{model_prefix.rstrip('/')}/{_MANIFESTS}/"


def tag_key(model_prefix: str, tag: str) -> str:
    """Return the key of a tag's object."""
    return f"{model_prefix.rstrip('/')}/{_TAGS}/{tag}"


def tags_prefix(model_prefix: str) -> str:
    """Return the key prefix of all tags of a model; it ends in a slash."""
    return f"{model_prefix.rstrip('/')}/{_TAGS}/"


def _problems(kind: str, value: str) -> list[str]:
    if not value:
        return [f"a {kind} cannot be empty"]
    found = []
    if "/" in value:
        found.append(f"a {kind} cannot hold a slash ({value!r}): it is one level of the path; write {_flat(value)!r}")
    elif not _NAME.fullmatch(value):
        found.append(
            f"a {kind} is made of letters, digits, '.', '_' and '-', a letter or digit first ({value!r} is not)"
        )
    if len(value) > _LONGEST_NAME:
        found.append(f"a {kind} has at most {_LONGEST_NAME} characters ({len(value)} given)")
    return found


def _flat(value: str) -> str:
    return re.sub(r"/+", "--", value.strip("/"))


def validate_name(model: str) -> list[str]:
    """Return what is wrong with a model's name: 1 to 128 letters, digits, `.`, `_`, `-`; no slash."""
    return _problems("model name", model)


def validate_version(version: str) -> list[str]:
    """Return what is wrong with a version: as a model's name, and neither `manifests` nor `tags`."""
    found = _problems("version", version)
    if version in (_MANIFESTS, _TAGS):
        found.append(f"{version!r} cannot be a version: the repository keeps its own objects there; choose another")
    return found


def validate_tag(tag: str) -> list[str]:
    """Return what is wrong with a tag: as a model's name."""
    return _problems("tag", tag)


def validate_bucket(bucket: str) -> list[str]:
    """Return what is wrong with a bucket's name, by the S3 user guide's rules for general purpose buckets."""
    found = []
    if not 3 <= len(bucket) <= 63:
        found.append(f"a bucket name has 3 to 63 characters ({len(bucket)} given)")
    elif not _BUCKET.fullmatch(bucket):
        found.append(
            f"the bucket name {bucket!r} is not made of lowercase letters, digits, '.' and '-', with a letter or digit "
            "at both ends"
        )
    if ".." in bucket:
        found.append("a bucket name cannot hold two dots in a row")
    if _IPV4.fullmatch(bucket):
        found.append(f"a bucket name cannot look like an IP address ({bucket!r})")
    found += [f"a bucket name cannot begin with {p!r}" for p in _RESERVED_BUCKET_PREFIXES if bucket.startswith(p)]
    found += [f"a bucket name cannot end with {s!r}" for s in _RESERVED_BUCKET_SUFFIXES if bucket.endswith(s)]
    return found


def validate_prefix(prefix: str) -> list[str]:
    """Return what is wrong with a key prefix: path segments of letters, digits, `.`, `_`, `-`; empty means none."""
    segments = prefix.strip("/").split("/") if prefix.strip("/") else []
    found = [
        f"the prefix segment {segment!r} is not made of letters, digits, '.', '_' and '-', a letter or digit first"
        for segment in segments
        if not _NAME.fullmatch(segment)
    ]
    if len(prefix) > 512:
        found.append(f"a prefix has at most 512 characters ({len(prefix)} given)")
    return found
