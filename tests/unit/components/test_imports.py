"""What importing and using the package costs: known by the modules that it brings in, not by a clock."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import pulumi_modelstore

HEAVY = ("boto3", "botocore", "pulumi_aws", "pulumi_kubernetes", "pydantic", "moto", "kubernetes", "cryptography")


def brought_in(code: str) -> set[str]:
    script = textwrap.dedent(code) + "\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return {module.split(".")[0] for module in done.stdout.split()}


def test_importing_the_package_brings_in_nothing_heavy() -> None:
    assert brought_in("import pulumi_modelstore").isdisjoint({*HEAVY, "pulumi", "pulumi_modelstore_provider"})


def test_using_every_name_opens_no_sdk() -> None:
    modules = brought_in("import pulumi_modelstore as m; [getattr(m, name) for name in m.__all__]")
    assert modules.isdisjoint(set(HEAVY) - {"pydantic"})


def test_kubernetes_objects_need_no_typed_classes() -> None:
    modules = brought_in("import pulumi_modelstore.kserve.kubernetes_object")
    assert "pulumi_kubernetes" not in modules


@pytest.mark.parametrize("name", pulumi_modelstore.__all__)
def test_every_exported_name_is_there(name: str) -> None:
    value = getattr(pulumi_modelstore, name)
    assert value.__name__ == name
    assert name in dir(pulumi_modelstore)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Floppy'"):
        pulumi_modelstore.Floppy  # noqa: B018 - the access is the test
