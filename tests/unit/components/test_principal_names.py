"""Names of principals: like the consumer's, and never those of another stack."""

from __future__ import annotations

import pulumi
import pytest

from pulumi_modelstore.identity.naming import identity_name, principal_name


def test_a_principal_is_named_after_its_consumer_and_no_other_stacks_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_project", lambda: "serving")
    names = {}
    for stack in ("dev", "prod"):
        monkeypatch.setattr(pulumi, "get_stack", lambda stack=stack: stack)
        names[stack] = principal_name("readers")
        assert principal_name("readers") == names[stack], "the same in every run"
        assert names[stack].startswith("readers-")
        assert identity_name("Team Readers", longest=20).startswith("team-readers-")
    assert names["dev"] != names["prod"]
