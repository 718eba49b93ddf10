"""Storage URIs that KServe takes, and what is wrong with one.

Source: KServe v0.20, pkg/webhook/admission/pod/storage_initializer_injector.go and python/storage.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pulumi

from pulumi_modelstore.arguments.image import IMAGE
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.serving.release import NATIVE_IMAGE, image_volume_warnings

_FORMS = {
    "s3": (re.compile(r"[^/]+/.*"), "s3://bucket/prefix/"),
    "gs": (re.compile(r"[^/]+/.*"), "gs://bucket/prefix/"),
    # Kubernetes mounts no folder whose path has `..` in it.
    "pvc": (
        re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(/(?!\.\.(/|$))[^/]*)*"),
        "pvc://claim or pvc://claim/sub/path",
    ),
    # KServe parts a revision off by its colon, and knows of none behind `@` or with a slash in it.
    "hf": (re.compile(r"[\w.-]+/[\w.-]+(:[^/:\s]+)?", re.ASCII), "hf://owner/model or hf://owner/model:revision"),
    "oci": (IMAGE, "oci://registry/image:tag, or better by digest: oci://registry/image@sha256:<64 hex digits>"),
    "oci+native": (IMAGE, "oci+native://registry/image@sha256:<64 hex digits>"),
    "https": (re.compile(r"[^/]+/.+"), "https://host/path"),
    "http": (re.compile(r"[^/]+/.+"), "http://host/path"),
    "hdfs": (re.compile(r".+"), "hdfs://path"),
    "webhdfs": (re.compile(r".+"), "webhdfs://path"),
}
_AZURE = re.compile(r"[a-z0-9]{3,24}\.(blob\.core\.windows\.net|z[0-9]{1,2}\.blob\.storage\.azure\.net)/(?P<path>.+)")
_AZURE_ELSEWHERE = re.compile(r"[a-z0-9]{3,24}\.blob\.core\.(usgovcloudapi\.net|chinacloudapi\.cn)/.*")
# Versions that follow the content: none begins another.
_DIGEST = re.compile(r"[0-9a-f]{12}")
_COMMIT = re.compile(r":[0-9a-f]{40}$")
# A version such as llama-3.1 is no file name.
_FILE_NAME = re.compile(r"\.[A-Za-z]\w*$")
_NEEDS_KEYS = ("s3", "gs")
_FOLDERS = ("s3", "gs")
# What pods find in place: claims, and images on their node.
_MOUNTED = ("pvc", "oci", "oci+native")


def uri_problems(uri: str) -> list[Problem]:
    """What is wrong with a URI as the place of a model in Standard mode."""
    scheme, separator, rest = uri.partition("://")
    if not separator or scheme not in _FORMS:
        found = f'"{uri}" has no scheme that KServe reads' if separator else f'"{uri}" is no URI'
        hub = f"For a model of the hub write hf://{uri}; else use" if _FORMS["hf"][0].fullmatch(uri) else "Use"
        return [Problem("model", found, f"{hub} one of {', '.join(f'{known}://' for known in _FORMS)}")]
    secret = _secret_in(uri) if scheme in ("https", "http") else None
    if secret is not None:
        remedy = "Leave it out, and keep the key in a Secret that the service's ServiceAccount lists"
        return [Problem("model", f"holds {secret}, which all see who may see the service", remedy)]
    if scheme == "https" and _AZURE_ELSEWHERE.fullmatch(rest):
        remedy = "Keep the model in an account of the public cloud, or bring it to the pods by a volume"
        return [Problem("model", f'"{uri}" is in a national cloud, which KServe does not take for Azure', remedy)]
    form, example = _FORMS[scheme]
    if not form.fullmatch(rest):
        return [Problem("model", f'"{uri}" is no {scheme} URI that KServe reads', f"Write it like {example}")]
    return []


def _secret_in(uri: str) -> str | None:
    from pulumi_modelstore_provider.artifacts.sources.addresses import secret_in

    try:
        return secret_in(urlsplit(uri))
    except ValueError:
        return None


def needs_keys(uri: str) -> bool:
    """Whether pods need keys to read from there."""
    scheme, _, rest = uri.partition("://")
    return scheme in _NEEDS_KEYS or is_azure(scheme, rest)


def is_downloaded(uri: pulumi.Input[str]) -> bool:
    """Whether each pod downloads the model into its own storage; one that is not known yet counts as downloaded."""
    return not isinstance(uri, str) or uri.partition("://")[0] not in _MOUNTED


def is_azure(scheme: str, rest: str) -> bool:
    """Whether KServe takes an https URI, in its two parts, for one of a container on Azure."""
    return scheme == "https" and _AZURE.fullmatch(rest) is not None


def uri_warnings(uri: str) -> list[str]:
    """What is allowed and still likely to be a mistake."""
    scheme, _, rest = uri.partition("://")
    name = rest.rsplit("/", 1)[-1]
    if is_azure(scheme, rest):
        return _azure_warnings(uri)
    if scheme in _FOLDERS and name and not _FILE_NAME.search(name):
        return [f"{uri} has no slash at the end: KServe also downloads whatever else begins with that name"]
    if scheme.startswith("oci"):
        by_tag = f"{uri} names an image by tag, whose content can change; a digest cannot"
        return [
            *(image_volume_warnings() if uri.startswith(NATIVE_IMAGE) else []),
            *([] if "@sha256:" in rest else [by_tag]),
        ]
    if scheme == "hf" and not _COMMIT.search(rest):
        said = f"{uri} names no commit: each pod takes the branch as it is when it starts, and two may differ"
        return [f"{said}; hf://owner/model:<commit of 40 hex digits> cannot"]
    return []


def _azure_warnings(uri: str) -> list[str]:
    """What a slash at the end is for elsewhere: KServe drops it from the URIs of Azure."""
    name = uri.rstrip("/").rsplit("/", 1)[-1]
    if _DIGEST.fullmatch(name) or _FILE_NAME.search(name):
        return []
    also = f"it also downloads whatever else begins with {name!r}, such as {name}0"
    remedy = "leave the version to follow the content, or choose names of one length"
    return [f"{uri} is read by KServe without its slash: {also}; {remedy}"]
