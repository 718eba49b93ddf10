"""A volume that is filled from a branch of the hub: previewed and deployed at the commit that the lock file keeps."""

from __future__ import annotations

from pathlib import Path

from sandbox.artifacts.checkout import Checkout
from standins.files import Answer
from standins.huggingface import Hub

PROGRAM = """
from pulumi_modelstore import EmptyDir, HuggingFaceFill, ModelVolume
fill = HuggingFaceFill(repository="org/tokenizer", endpoint="{hub}")
ModelVolume("tokenizer", size="1Gi", fill=fill)
ModelVolume("scratch", size="1Gi", placement=EmptyDir(), fill=fill)
"""


def commits(checkout: Checkout) -> list[str]:
    return [line.strip() for line in checkout.lock.read_text().splitlines() if "org/tokenizer@main" in line]


def test_a_commit_is_recorded_kept_without_the_hub_and_moved_on_demand(tmp_path: Path, hub: Hub) -> None:
    name, first = f"{hub.endpoint}/org/tokenizer@main", hub.repositories["org/tokenizer"].branches["main"]
    author = Checkout.of_program(tmp_path / "author", "acme", PROGRAM.format(hub=hub.endpoint), {})
    assert f"modelstore.lock: {name} added, commit it" in author.run("up").stdout
    assert commits(author) == [f'"{name}": "{first}"']
    assert len(hub.requests) == 1, "the second volume is pinned to what was recorded for the first"

    second = hub.repositories["org/tokenizer"].push({"tokenizer.json": b'{"new": 1}'})
    hub.before = lambda _: Answer(500)
    runner = author.cloned(tmp_path / "runner", {})
    assert "commit it" not in runner.run("up", "--expect-no-changes").stdout
    assert runner.lock.read_bytes() == author.lock.read_bytes()

    hub.before = lambda _: None
    written = author.lock.read_text()
    refreshed = author.run("preview", MODELSTORE_REFRESH_LOCK="1").stdout
    assert f"modelstore.lock: {name} changed, commit it" in refreshed
    assert author.lock.read_text() == written.replace(first, second)
    jobs = [step for step in author.preview()["steps"] if "tokenizer-fill" in step["urn"] and step["op"] != "same"]
    assert jobs
    author.run("up")
    assert {item["kind"] for item in author.manifests if second in str(item)} == {"ConfigMap"}
