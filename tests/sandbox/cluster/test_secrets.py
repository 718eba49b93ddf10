"""Secret data: encrypted in state and hidden in every text, in the form that a pod reads."""

from __future__ import annotations

import base64
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.provider.experimental.property_value import PropertyValue

from cluster.driver import INFERENCE_SERVICE, SECRET, UNKNOWN, Driver, Refused

PLAIN = "correct horse battery"


def in_clear(value: PropertyValue) -> str:
    """Everything of a value that is not under a secret."""
    if value.is_secret:
        return "[secret]"
    if isinstance(value.value, str | float | bool) or value.value is None:
        return str(value.value)
    items: Any = value.value.values() if hasattr(value.value, "values") else value.value
    return " ".join(in_clear(item) for item in items)


def test_a_secrets_data_is_secret_whatever_the_program_says(driver: Driver) -> None:
    encoded = base64.b64encode(b"data in clear").decode()
    driver.up(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": PLAIN}, "data": {"b": encoded}})

    for properties in (driver.wire(SECRET, "s").inputs, driver.wire(SECRET, "s").outputs):
        shown = in_clear(PropertyValue(properties))
        assert properties["data"].is_secret
        assert properties["stringData"].is_secret
        assert "default" in shown
        for text in (PLAIN, base64.b64encode(PLAIN.encode()).decode(), encoded):
            assert text not in shown


def test_a_secret_that_is_only_read_is_secret_too(driver: Driver) -> None:
    driver.up(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": PLAIN}})
    found = driver.read(SECRET, "same", "default/s")
    assert found is not None
    assert found.outputs["data"].is_secret
    assert found.inputs["data"].is_secret


@pytest.mark.parametrize("field", ["stringData", "data"])
def test_a_secrets_values_are_in_no_refusal(driver: Driver, field: str) -> None:
    # A text of its own: what one check has hidden stays hidden in this process.
    text = f"Not A Name {uuid.uuid4()}"
    encoded = base64.b64encode(text.encode()).decode()
    metadata = {"name": text, "namespace": encoded}
    with pytest.raises(Refused) as refused:
        driver.check(SECRET, "s", {"metadata": metadata, field: {"a": text if field == "stringData" else encoded}})

    assert set(refused.value.problems) == {"metadata.name", "metadata.namespace"}
    assert text not in str(refused.value)
    assert encoded not in str(refused.value)


def test_it_stays_secret_through_a_refresh(driver: Driver) -> None:
    driver.up(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": PLAIN}})
    driver.refresh(SECRET, "s")

    for properties in (driver.wire(SECRET, "s").inputs, driver.wire(SECRET, "s").outputs):
        assert PLAIN not in in_clear(PropertyValue(properties))


def test_a_secret_input_of_any_kind_is_a_secret_output(driver: Driver) -> None:
    token = PropertyValue("a secret annotation", is_secret=True)
    inputs = {"metadata": {"name": "llm", "annotations": {"key": token, "open": "for all"}}}
    driver.up(INFERENCE_SERVICE, "llm", inputs)

    annotations = driver.wire(INFERENCE_SERVICE, "llm").outputs["metadata"].value["annotations"].value
    assert annotations["key"].is_secret
    assert not annotations["open"].is_secret


def test_string_data_is_encoded_over_data(driver: Driver, manifests: Path) -> None:
    inputs = {"metadata": {"name": "s"}, "stringData": {"a": "from text"}, "data": {"a": "bm8=", "b": "eWVz"}}
    driver.up(SECRET, "s", inputs)

    data = yaml.safe_load((manifests / "default/secret-s.yaml").read_text())["data"]
    assert {key: base64.b64decode(value) for key, value in data.items()} == {"a": b"from text", "b": b"yes"}
    outputs = driver.outputs(SECRET, "s")
    assert outputs["data"] == data
    assert outputs["stringData"] == {"a": "from text"}


def test_changes_are_named_by_the_field_that_declares_the_key(driver: Driver) -> None:
    driver.up(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": "one", "gone": "x"}, "data": {"b": "eWVz"}})
    now = {"metadata": {"name": "s"}, "stringData": {"a": "two"}, "data": {"b": "bm8="}}

    change = driver.preview(SECRET, "s", now)
    assert change.paths == {
        "stringData.a": "UPDATE_REPLACE",
        "stringData.gone": "DELETE_REPLACE",
        "data.b": "UPDATE_REPLACE",
    }
    assert change.delete_before_replace


def test_encoding_by_hand_is_no_change(driver: Driver) -> None:
    driver.up(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": "same"}})
    by_hand = {"metadata": {"name": "s"}, "data": {"a": base64.b64encode(b"same").decode()}}
    assert not driver.preview(SECRET, "s", by_hand).changes


def test_an_edited_secret_is_seen_as_declared(driver: Driver, manifests: Path) -> None:
    driver.up(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": "was"}})
    file = manifests / "default/secret-s.yaml"
    old, new = (base64.b64encode(text).decode() for text in (b"was", b"now"))
    file.write_text(file.read_text().replace(old, new))

    seen = driver.refresh(SECRET, "s")
    assert seen is not None
    assert seen["stringData"] == {"a": "now"}
    assert driver.preview(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": "was"}}).paths == {
        "stringData.a": "UPDATE_REPLACE"
    }


def test_a_value_that_is_not_known_yet_stays_unknown_and_secret(driver: Driver) -> None:
    checked = driver.check(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": UNKNOWN}})
    assert checked["stringData"].is_secret
    planned = driver.preview(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": UNKNOWN}}).planned
    assert planned["data"] == {"a": UNKNOWN}


@pytest.mark.parametrize("broken", ["apiVersion: v1\nkind: Secret\nkind2", "- a list"])
def test_a_manifest_that_is_no_object(driver: Driver, manifests: Path, broken: str) -> None:
    driver.up(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": PLAIN}})
    (manifests / "default/secret-s.yaml").write_text(broken)
    with pytest.raises(Exception, match=r"[Mm]anifest"):
        driver.refresh(SECRET, "s")
