"""R2's keys are made with the API token that the stack's configuration has for the `cloudflare` provider."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.deployment import Deployment
from backends.rig import RigTools
from backends.rigs import cloudflare_r2
from standins.plugin import write_plugin


@pytest.fixture
def rig(request: pytest.FixtureRequest, own_environment: None, tmp_path: Path) -> Iterator[cloudflare_r2.CloudflareRig]:
    """Only the stand-in has the token in its environment."""
    with cloudflare_r2.rig(RigTools(tmp_path, request)) as made:
        assert isinstance(made, cloudflare_r2.CloudflareRig)
        names = ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_BASE_URL")
        write_plugin(
            made.path[0], "cloudflare", "standins.cloudflare", {name: made.environment[name] for name in names}
        )
        made.environment = {name: value for name, value in made.environment.items() if name not in names}
        made.configuration = {"cloudflare:baseUrl": f"{made.stub.url}/client/v4"}
        yield made


def test_token_in_the_stack_s_configuration_makes_the_keys(rig: cloudflare_r2.CloudflareRig, tmp_path: Path) -> None:
    deployment = Deployment(rig, "one-r2-configured", tmp_path / "stack")
    deployment.rotate()
    refused = deployment.run("up", "--json", check=False)
    assert refused.returncode != 0
    assert "cloudflare:apiToken" in refused.stdout + refused.stderr
    assert rig.key_ids() == set()

    sealed = deployment._cipher.encrypt(rig.stub.api_token)
    deployment.configure(**{"cloudflare:apiToken": {"secure": sealed}})
    deployment.up()
    assert deployment.keys[0].access_key_id in (rig.key_ids() or set())
    deployment.run("destroy")
    assert rig.key_ids() == set()
    assert rig.objects("one-r2-configured")
    assert [text for text in [*deployment.said, deployment.state.read_text()] if rig.stub.api_token in text] == []
