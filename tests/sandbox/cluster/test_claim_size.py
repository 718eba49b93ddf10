"""A claim whose size changes from one deployment to the next: what a preview refuses, and what goes on."""

from __future__ import annotations

from pathlib import Path

from sandbox.artifacts.checkout import Checkout

PROGRAM = """
import os
from pulumi_modelstore import FsxLustre, ModelVolume

ModelVolume("llama", size=os.environ["SIZE"], claim_name=os.environ["CLAIM"], kubernetes_namespace="llm")
ModelVolume("shared", size=os.environ["SHARED"], storage_class=FsxLustre())
"""
FIRST = {"SIZE": "30Gi", "CLAIM": "llama", "SHARED": "1200Gi"}


def test_a_size_that_kubernetes_would_not_give_is_refused_at_preview(tmp_path: Path) -> None:
    checkout = Checkout.of_program(tmp_path / "checkout", "sizes", PROGRAM, FIRST)
    checkout.run("up", "--yes")
    before = checkout.manifests

    changed = {"SIZE": "15Gi", "SHARED": "2400Gi"}
    for command in (("preview",), ("up", "--yes")):
        said = checkout.said(*command, **changed)
        assert "15Gi is less than the 30Gi of claim llm/llama" in said
        assert "2400Gi is more than the 1200Gi of claim default/shared-model-storage, and FSx for Lustre" in said
    assert checkout.manifests == before

    checkout.run("up", "--yes", SIZE="40Gi")
    assert "15Gi is less than the 40Gi" in checkout.said("preview", SIZE="15Gi")
    checkout.run("up", "--yes", SIZE="15Gi", CLAIM="llama-small")
    sizes = {item["metadata"]["name"]: item["spec"]["resources"]["requests"]["storage"] for item in checkout.manifests}
    assert sizes["llama-small"] == "15Gi"
    checkout.run("preview", "--expect-no-changes", SIZE="15Gi", CLAIM="llama-small")
