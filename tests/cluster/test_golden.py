"""What programs declare: word for word what a file says, and taken by a real API server that knows every field.

After a wanted change, WRITE_GOLDEN=1 writes the files anew; the difference is reviewed with the change.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.services import PROGRAMS
from pulumi_modelstore_provider.resources.volume_files import VolumeFilesInputs
from servers.apiserver import ApiServer, gateway_definitions
from unit.components.declared import SECRET, Declared, declare

GOLDEN = Path(__file__).with_name("golden")
FILES = "pulumi-python:dynamic/modelstore:VolumeFiles"
PLURALS = {"StorageClass": "storageclasses"}
CLUSTER_WIDE = {"StorageClass", "ClusterStorageContainer", "LocalModelCache", "LocalModelNodeGroup"}


class Readable(yaml.SafeDumper):
    """Scripts line by line."""


Readable.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def kubernetes_objects(declared: Declared) -> list[dict[str, Any]]:
    """The Kubernetes objects in the order of their names, as they are sent, and the pods that bring files."""
    resources = sorted(declared.resources.values(), key=lambda resource: resource.name)
    objects = [_sent(resource.inputs) for resource in resources if resource.type.startswith("kubernetes:")]
    return objects + [_files_pod(resource.inputs) for resource in resources if resource.type == FILES]


def _files_pod(inputs: dict[str, Any]) -> dict[str, Any]:
    given = VolumeFilesInputs.model_validate(_sent(inputs))
    pod = given.pod.manifest(given.claim)
    (agent,) = pod["spec"]["containers"][0]["env"]
    # As with the program of a fill.
    agent["value"] = "agent"
    return pod


def _sent(value: Any) -> Any:
    """Without the marks of secrets; whole numbers as what they are."""
    if isinstance(value, dict) and "fill.pyz" in value:
        # The program itself changes with each release; that it runs has a test of its own.
        return {"fill.pyz": "cHJvZ3JhbQ=="}
    if isinstance(value, dict):
        return _sent(value["[secret]"]) if "[secret]" in value else {key: _sent(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_sent(item) for item in value]
    if isinstance(value, str):
        return value.removeprefix(SECRET)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def golden_text(declared: Declared, file: Path) -> None:
    """Hold what was declared to what a file says."""
    text = yaml.dump_all(kubernetes_objects(declared), Dumper=Readable, width=120)
    if os.environ.get("WRITE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def apply(apiserver: ApiServer, item: dict[str, Any], namespace: str) -> None:
    """Apply one object with every unknown field refused, as a dry run that leaves nothing behind."""
    group, kind = item["apiVersion"], item["kind"]
    root = "/api" if group == "v1" else "/apis"
    scope = "" if kind in CLUSTER_WIDE else f"/namespaces/{namespace}"
    plural = PLURALS.get(kind, f"{kind.lower()}s")
    metadata = item["metadata"] | ({} if kind in CLUSTER_WIDE else {"namespace": namespace})
    place, query = f"{root}/{group}{scope}/{plural}", "fieldManager=tests&fieldValidation=Strict&dryRun=All"
    if "generateName" in metadata:
        answer = apiserver.request("POST", f"{place}?{query}", item | {"metadata": metadata})
    else:
        answer = apiserver.request(
            "PATCH",
            f"{place}/{metadata['name']}?{query}",
            item | {"metadata": metadata},
            content_type="application/apply-patch+yaml",
        )
    for field in ("spec", "data", "secrets", "imagePullSecrets"):
        assert _covers(answer.get(field), item.get(field)), f"{kind} {metadata}: {field} was changed"


def _covers(there: Any, sent: Any) -> bool:
    """Whether the server kept all that was sent; it may have added to it, and writes quantities its own way."""
    if isinstance(sent, dict):
        return isinstance(there, dict) and all(key in there and _covers(there[key], sent[key]) for key in sent)
    if isinstance(sent, list):
        return isinstance(there, list) and len(there) == len(sent) and all(map(_covers, there, sent))
    return sent is None or there == sent


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_declares_what_its_file_says(name: str) -> None:
    golden_text(declare(PROGRAMS[name]), GOLDEN / f"{name}.yaml")


def test_every_file_has_a_program() -> None:
    assert {file.stem for file in GOLDEN.glob("*.yaml")} == PROGRAMS.keys()


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_api_server_takes_it_field_by_field(name: str, apiserver: ApiServer, namespace: str) -> None:
    items = list(yaml.safe_load_all((GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")))
    for item in items:
        if item["kind"] != "HTTPRoute" or gateway_definitions():
            apply(apiserver, item, namespace)
    if any(item["kind"] == "HTTPRoute" for item in items) and not gateway_definitions():
        pytest.skip("no definition of HTTPRoute; `.ci/gateway-api` brings it where Go is installed")


def test_a_field_too_many_would_be_noticed(apiserver: ApiServer, namespace: str) -> None:
    (service,) = list(yaml.safe_load_all((GOLDEN / "knative.yaml").read_text(encoding="utf-8")))
    service["spec"]["predictor"]["model"]["storageUrl"] = "s3://models/"
    with pytest.raises(Exception, match="HTTP Error"):
        apply(apiserver, json.loads(json.dumps(service)), namespace)
