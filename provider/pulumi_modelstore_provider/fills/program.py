"""The fill as one file: this package's modules in a zip file that Python runs, the same bytes for the same release."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

_PACKAGE = "pulumi_modelstore_provider"
_MODULES = ("__init__.py", "errors.py", "artifacts/__init__.py", "artifacts/content.py", "artifacts/sizes.py")
"""What the fill imports of the package outside its own folder."""
_NOT_IN_PODS = ("doctor", "files", "keys", "resources", "transfer")
_MAIN = f"import sys\nfrom {_PACKAGE}.fills.__main__ import main\nsys.exit(main())\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def fill_program(*, stores: bool = False) -> bytes:
    """Return the zip file: run it with `python fill.pyz`; it needs Python 3.11 and nothing else.

    With `stores` it also holds the clients of object stores, which need packages that the fill installs where they are
    missing.
    """
    root = Path(__file__).resolve().parents[1]
    fills = [path.relative_to(root).as_posix() for path in (root / "fills").glob("*.py")]
    if stores:
        others = (path.relative_to(root) for path in root.rglob("*.py"))
        fills += [path.as_posix() for path in others if path.parts[0] not in _NOT_IN_PODS]
    fills = sorted(set(fills).difference(_MODULES))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        _add(archive, "__main__.py", _MAIN)
        for name in (*_MODULES, *fills):
            _add(archive, f"{_PACKAGE}/{name}", (root / name).read_text(encoding="utf-8"))
    return out.getvalue()


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    # No time and no mode of the machine: what differs must be the code.
    entry = zipfile.ZipInfo(name, date_time=_EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, text)
