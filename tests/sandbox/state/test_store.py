"""The state file: what it holds, how it is written, and that no secret is in it."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore_sandbox.engine.journal import PendingOperation
from pulumi_modelstore_sandbox.engine.resource import STACK_TYPE, ResourceState
from pulumi_modelstore_sandbox.engine.values import Secret
from pulumi_modelstore_sandbox.state.encryption import PassphraseCipher
from pulumi_modelstore_sandbox.state.errors import StateError, WrongPassphraseError
from pulumi_modelstore_sandbox.state.home import Home
from pulumi_modelstore_sandbox.state.outputs import lookup, outputs_of, stack_outputs
from pulumi_modelstore_sandbox.state.store import StateFile

STACK = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
THING = "urn:pulumi:dev::proj::test:index:Thing::a"
PASSWORD = "correct-horse-battery"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "pw")


def open_state(home: Home, **options: Any) -> StateFile:
    return StateFile(home.state("proj", "dev"), home, **options)


def resources(password: str = PASSWORD) -> list[ResourceState]:
    stack = ResourceState(STACK, STACK_TYPE, custom=False, outputs={"password": Secret(password), "n": 1})
    thing = ResourceState(
        THING, "test:index:Thing", custom=True, id="x", parent=STACK, inputs={"deep": [Secret({"p": password})]}
    )
    return [stack, thing]


def ciphertexts(home: Home) -> list[str]:
    text = home.state("proj", "dev").read_text()
    return [part.split('"')[1] for part in text.split('"ciphertext"')[1:]]


def test_a_full_resource_survives(home: Home) -> None:
    full = ResourceState(
        urn=THING,
        type="test:index:Thing",
        custom=True,
        id="id",
        inputs={"a": [1, {"b": None}], "s": Secret(["x"])},
        outputs={"o": 1.5},
        parent=STACK,
        provider="urn::provider::id",
        dependencies=[STACK],
        property_dependencies={"a": [], "s": [STACK]},
        delete=True,
        external=True,
        protect=True,
        taint=True,
        retain_on_delete=True,
        pending_replacement=True,
        init_errors=["one"],
        additional_secret_outputs=["o"],
        aliases=["urn::old"],
        custom_timeouts={"create": 5.0},
        import_id="imported",
        deleted_with=STACK,
        replace_with=[STACK],
        ignore_changes=["a"],
        hide_diff=['a[0]["b.c"]', "d.e"],
        replace_on_changes=["a"],
        replacement_trigger=Secret(3),
        created=datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.UTC),
        modified=datetime.datetime(2026, 1, 2, 3, 4, 6, tzinfo=datetime.UTC),
        source_position="project:///__main__.py#3",
        resource_hooks={"beforeCreate": ["hook"]},
        extra={"refreshBeforeUpdate": True, "stackTrace": [{"sourcePosition": "x"}]},
    )
    unset = {field.name for field in dataclasses.fields(full) if not getattr(full, field.name)}
    assert not unset, "every field must take part in this test"
    open_state(home).write([full], [PendingOperation(full, "deleting")])
    read = open_state(home)
    assert read.snapshot() == [full]
    assert read.pending() == [PendingOperation(full, "deleting")]


def test_no_secret_is_in_the_file_and_only_its_owner_can_read_it(home: Home) -> None:
    open_state(home).write(resources(), [])
    path = home.state("proj", "dev")
    for file in home.path.rglob("*"):
        if file.is_file():
            assert PASSWORD.encode() not in file.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert (home.path / ".gitignore").read_text() == "*\n"
    assert PASSWORD not in json.dumps(open_state(home).export())
    assert PASSWORD in json.dumps(open_state(home).export(show_secrets=True))


def test_an_unchanged_secret_keeps_its_ciphertext(home: Home) -> None:
    open_state(home).write(resources(), [])
    before = ciphertexts(home)
    assert len(before) == 2
    open_state(home).write(resources(), [])  # the same values from the program
    assert ciphertexts(home) == before
    reopened = open_state(home)
    reopened.write([resource.with_(protect=True) for resource in reopened.snapshot()], [])
    assert ciphertexts(home) == before
    open_state(home).write(resources("another"), [])
    assert not set(ciphertexts(home)) & set(before)


def test_a_wrong_passphrase_names_file_and_variable_and_nothing_is_written(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_state(home).write(resources(), [])
    text = home.state("proj", "dev").read_text()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "not it")
    state = open_state(home)  # no secret is needed to look at the resources
    assert [resource.urn for resource in state.snapshot()] == [STACK, THING]
    for act in (
        state.require_passphrase,
        lambda: state.export(show_secrets=True),
        lambda: state.write(resources(), []),
        lambda: outputs_of(state)["password"] == Secret(""),
    ):
        with pytest.raises(WrongPassphraseError, match=r"dev\.json .* PULUMI_CONFIG_PASSPHRASE"):
            act()
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    with pytest.raises(WrongPassphraseError, match="none is at hand"):
        open_state(home).require_passphrase()
    assert home.state("proj", "dev").read_text() == text


def test_a_passphrase_is_made_once_and_told_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    said: list[str] = []
    open_state(home, notify=said.append).write(resources(), [])
    made = home.passphrase.read_text().strip()
    assert len(said) == 1
    assert str(home.passphrase) in said[0]
    assert made not in said[0]
    assert stat.S_IMODE(home.passphrase.stat().st_mode) == 0o600
    again = open_state(home, notify=said.append)
    assert outputs_of(again)["password"] == Secret(PASSWORD)
    again.write(resources("next"), [])
    assert len(said) == 1
    assert home.passphrase.read_text().strip() == made


def test_a_passphrase_set_later_takes_over_at_the_next_write(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    open_state(home).write(resources(), [])
    made = ciphertexts(home)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "my own")
    state = open_state(home)
    state.require_passphrase()
    state.write(state.snapshot(), [])
    assert not set(ciphertexts(home)) & set(made)
    home.passphrase.unlink()
    assert outputs_of(open_state(home))["password"] == Secret(PASSWORD)


def test_secrets_in_clear_are_sealed_when_they_are_written(home: Home) -> None:
    open_state(home).write(resources(), [])
    path = home.state("proj", "dev")
    path.write_text(json.dumps(open_state(home).export(show_secrets=True)))
    assert PASSWORD in path.read_text()
    state = open_state(home)
    state.write(state.snapshot(), [])
    assert PASSWORD not in path.read_text()
    assert outputs_of(open_state(home))["password"] == Secret(PASSWORD)


def test_a_step_costs_one_resource_not_all_of_them(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from pulumi_modelstore_sandbox.state import store

    written: list[str] = []
    original = store.resource_to_json
    monkeypatch.setattr(
        store, "resource_to_json", lambda resource, seal: (written.append(resource.urn), original(resource, seal))[1]
    )
    many = [ResourceState(f"{THING}-{number}", "test:index:Thing", custom=True, id="x") for number in range(50)]
    state = open_state(home)
    state.write(many, [])
    assert len(written) == 50
    written.clear()
    many[7] = many[7].with_(id="y")
    state.write(many, [PendingOperation(many[7], "updating")])
    assert written == [many[7].urn]
    reopened = open_state(home)
    written.clear()
    reopened.write(reopened.snapshot(), [])
    assert written == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "is no deployment"),
        ('{"version": 2, "deployment": {}}', "version 2"),
        ('{"version": 3, "deployment": {"resources": [{"custom": true}]}}', "damaged: a resource has no urn"),
        ('{"version": 3, "deployment": {"secrets_providers": {"type": "service"}}}', "provider 'service'"),
    ],
)
def test_an_unusable_file_is_named_with_its_fault(home: Home, text: str, says: str) -> None:
    path = home.state("proj", "dev")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(StateError, match=says) as caught:
        open_state(home)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("stack", ["../x", "", "a/b", "..", "a b"])
def test_a_stack_name_cannot_leave_the_home(home: Home, stack: str) -> None:
    with pytest.raises(StateError, match="no name for a stack"):
        home.state("proj", stack)


def test_outputs_of_stacks(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELSTORE_SANDBOX_HOME", str(home.path))
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
    with pytest.raises(StateError, match="has no state"):
        stack_outputs(project, "dev")
    open_state(home).write(resources(), [])
    assert stack_outputs(project, "dev") == {"password": PASSWORD, "n": 1}
    find = lookup(home, "proj")
    for name in ("dev", "proj/dev", "organization/proj/dev"):
        found = find(name)
        assert found is not None
        assert found["password"] == Secret(PASSWORD)
    assert find("other") is None
    assert find("nowhere/dev") is None


def test_a_passphrase_file(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_state(home).write(resources(), [])
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    file = tmp_path / "phrase"
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(file))
    with pytest.raises(StateError, match=r"PULUMI_CONFIG_PASSPHRASE_FILE names .*phrase, which cannot be read"):
        open_state(home).require_passphrase()
    file.write_text("pw\n")
    assert outputs_of(open_state(home))["password"] == Secret(PASSWORD)


def test_a_failed_write_leaves_the_old_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    open_state(home).write(resources(), [])
    path = home.state("proj", "dev")
    text = path.read_text()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        open_state(home).write([], [])
    assert path.read_text() == text


def test_a_salt_of_the_stack_s_file_is_used_and_checked_before_the_first_step(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured = PassphraseCipher.create("pw").recorded
    open_state(home, configured_salt=configured).write(resources(), [])
    assert configured in home.state("proj", "dev").read_text()
    home.state("proj", "dev").unlink()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    with pytest.raises(WrongPassphraseError, match="encryptionsalt"):
        open_state(home, configured_salt=configured).require_passphrase()
