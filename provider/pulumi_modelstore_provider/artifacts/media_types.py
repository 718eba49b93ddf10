"""The Content-Type of a model's files, the same on every machine."""

from __future__ import annotations

import mimetypes

_OF_MODELS = {
    ".gguf": "application/octet-stream",
    ".jinja": "text/plain; charset=utf-8",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown; charset=utf-8",
    ".onnx": "application/octet-stream",
    ".safetensors": "application/octet-stream",
    ".toml": "application/toml",
    ".txt": "text/plain; charset=utf-8",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
_OF_ENCODINGS = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}

# Without the system's own tables, which differ from machine to machine.
_known = mimetypes.MimeTypes(filenames=())


def media_type(path: str) -> str:
    """Return the Content-Type for a file by its name; `application/octet-stream` where the name tells nothing."""
    of_model = _OF_MODELS.get(path[path.rfind(".") :].lower())
    if of_model is not None:
        return of_model
    kind, encoding = _known.guess_type(path, strict=True)
    if encoding is not None:
        return _OF_ENCODINGS.get(encoding, "application/octet-stream")
    return kind or "application/octet-stream"
