"""`via="cluster"`: the objects that bring a version in from within the cluster, and what is refused of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import pulumi_modelstore as ms
from pulumi_modelstore_provider.transfer.request import TransferRequest
from unit.components.declared import declare
from unit.components.imports import FOLDER, KEY_PAIRS, REPOSITORY, TOKENS, imported, record


@pytest.fixture(autouse=True)
def program_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    record(tmp_path)
    return tmp_path


def container(declared: Any) -> dict[str, Any]:
    (found,) = declared["llama-import-job"].inputs["spec"]["template"]["spec"]["containers"]
    return dict(found)


def request(declared: Any) -> TransferRequest:
    return TransferRequest.model_validate_json(declared["llama-import-request"].inputs["data"]["request.json"])


def test_request_is_what_the_transfer_reads_and_holds_no_secret() -> None:
    declared = imported(transfer=ms.TransferSettings(concurrency=4))
    found = request(declared)
    upload = declared["llama-upload"].inputs
    assert (found.version, dict(found.files)) == (upload["version"], upload["files"])
    assert (found.bucket, found.model_prefix) == ("team-models", "models/llama/")
    assert found.transfer is not None
    assert found.transfer.concurrency == 4
    assert found.connection.credentials == "env:MODELSTORE_TARGET"
    hub, bucket = found.sources
    assert (hub.revision, hub.token) == ("c0ffee" + "0" * 34, "env:MODELSTORE_SOURCE_0_TOKEN")
    assert bucket.connection.credentials == "env:MODELSTORE_SOURCE_1"
    assert upload["source"] == ""


def test_credentials_come_from_secrets() -> None:
    declared = imported()
    references = {
        variable["name"]: (variable["valueFrom"]["secretKeyRef"]["name"], variable["valueFrom"]["secretKeyRef"]["key"])
        for variable in container(declared)["env"]
        if "valueFrom" in variable
    }
    assert references == {
        "MODELSTORE_TARGET_ACCESS_KEY_ID": ("llama-import-keys", "ACCESS_KEY_ID"),
        "MODELSTORE_TARGET_SECRET_ACCESS_KEY": ("llama-import-keys", "SECRET_ACCESS_KEY"),
        "MODELSTORE_SOURCE_0_TOKEN": ("hub", "token"),
        "MODELSTORE_SOURCE_1_ACCESS_KEY_ID": ("other", "AWS_ACCESS_KEY_ID"),
        "MODELSTORE_SOURCE_1_SECRET_ACCESS_KEY": ("other", "AWS_SECRET_ACCESS_KEY"),
    }
    (whole,) = declared["llama-import-keys"].inputs["data"]
    assert whole == "[secret]", "the mocks show of a secret only that it is one"


def test_upload_waits_for_the_job_and_the_job_for_what_it_needs() -> None:
    declared = imported()
    assert "llama-import-job" in declared["llama-upload"].dependencies
    assert {"llama-import-request", "llama-import-keys", "models-bucket"} <= set(
        declared["llama-import-job"].dependencies
    )
    assert declared["llama-import-job"].request.customTimeouts.create == "86400s"


def test_credentials_of_a_registry_come_before_the_job_that_pulls_with_them() -> None:
    def program(place: str) -> None:
        namespace = ms.StorageNamespace("models", backend=ms.AwsS3(bucket="team-models"))
        account = ms.Registry(host="harbor.example.org", username="robot", password="hush")
        pulls = ms.RegistryCredentials("harbor", registries=[account], kubernetes_namespace="llm")
        job = ms.ImportJob(
            service_account_name="importer",
            tokens=TOKENS,
            key_pairs=KEY_PAIRS,
            image_pull_secrets=("other", pulls),
            kubernetes_namespace=place,
        )
        source = [REPOSITORY, FOLDER]
        ms.ModelArtifact("llama", namespace=namespace, source=source, via="cluster", job=job)

    job = declare(lambda: program("llm"))["llama-import-job"]
    assert job.inputs["spec"]["template"]["spec"]["imagePullSecrets"] == [{"name": "other"}, {"name": "harbor"}]
    assert "harbor-secret" in job.dependencies
    with pytest.raises(ms.InvalidArguments) as refused:
        declare(lambda: program("other"))
    (problem,) = refused.value.problems
    assert problem.argument == "job.image_pull_secrets[1]"
    assert problem.found == 'are in "llm", and they are needed in "other", which cannot use them'


def test_another_request_image_or_limit_is_another_job(program_folder: Path) -> None:
    def name(**job: Any) -> str:
        return str(imported(job)["llama-import-job"].inputs["metadata"]["name"])

    first = name()
    assert first == name()
    others = {name(image="registry.example/transfer:2"), name(resources=ms.Resources(cpu="1", memory="2Gi"))}
    record(program_folder, files=3)
    others.add(name())
    assert len(others | {first}) == 4


def test_role_in_place_of_keys() -> None:
    declared = imported({"service_account_name": "importer"})
    assert "llama-import-keys" not in declared.resources
    assert request(declared).connection.credentials == "default"
    pod = declared["llama-import-job"].inputs["spec"]["template"]["spec"]
    assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == ("importer", True)


def test_certificates_travel_with_the_request(program_folder: Path) -> None:
    (program_folder / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    backend = ms.AwsS3(
        bucket="team-models",
        endpoint="https://s3.example.org",
        ca_bundle=str(program_folder / "ca.pem"),
        ca_bundle_configmap="ca",
    )
    declared = imported(backend=backend)
    assert declared["llama-import-request"].inputs["data"]["target.crt"] == "-----BEGIN CERTIFICATE-----\n"
    assert request(declared).connection.ca_bundle == "/etc/modelstore/target.crt"


def test_more_than_256_files_travel_as_a_summary(program_folder: Path) -> None:
    record(program_folder, files=5000)
    declared = imported()
    assert set(request(declared).files) == {"tree", "files", "bytes"}
    assert len(json.dumps(declared["llama-import-request"].inputs)) < 4000


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "local path": ({"source": "model"}, "via: is \"cluster\", where the local path 'model' is not to be read"),
    "no keys": ({"job": {"keys": None}}, "job.keys: are missing: the Job could not write"),
    "both": ({"job": {"keys": "x", "service_account_name": "y"}}, "job.service_account_name: is given beside keys"),
    "keys of a wrong type": ({"job": {"keys": "AKIA"}}, "job.keys: str is no AccessKeyPair or AccessKey"),
    "keys that only read": ({"job": {"keys": "read_only"}}, "job.keys: may only read"),
    "token": ({"job": {"tokens": {}}}, 'job.tokens: have no "env:HF_TOKEN", which a source refers to'),
    "key pair": ({"job": {"key_pairs": {}}}, 'job.key_pairs: have no "env:OTHER"'),
    "image": ({"job": {"image": "a b"}}, "job.image: 'a b' is no image"),
    "pull Secret": ({"job": {"image_pull_secrets": ("No Name",)}}, "job.image_pull_secrets[0]: "),
    "memory": ({"job": {"resources": ms.Resources(memory="64Mi")}}, "job.resources.memory: is less than a transfer"),
    "deadline": ({"job": {"deadline_seconds": 0}}, "job.deadline_seconds: is 0"),
    "root": ({"job": {"security": ms.Security(user=0)}}, "job.security.user: is 0, which is root"),
    "name": ({"name": "Llama_3"}, 'name: "Llama_3-import" with a hyphen and ten digits is no name of a Job'),
    "long name": ({"job": {"name": "x" * 60}}, "job.name: "),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_refused_with_the_reason(case: str) -> None:
    arguments, said = WRONG[case]
    if arguments.get("source") == "model":
        Path("model").mkdir()
        Path("model/config.json").write_text("{}")
    record(Path.cwd(), artifact=arguments.get("name", "llama"))
    with pytest.raises(ms.InvalidArguments) as refused:
        imported(**arguments)
    assert said in str(refused.value)


def test_environment_of_secrets_may_hold_what_sources_refer_to() -> None:
    found = request(imported({"tokens": {}, "env_from": ("importer-env",)}))
    assert found.sources[0].token == "env:HF_TOKEN"


def test_job_belongs_to_a_cluster_import() -> None:
    assert REPOSITORY.problems() == FOLDER.problems() == []

    def program() -> None:
        namespace = ms.StorageNamespace("models", backend=ms.AwsS3(bucket="team-models"))
        job = ms.ImportJob(service_account_name="importer")
        ms.ModelArtifact("llama", namespace=namespace, source=[REPOSITORY, FOLDER], job=job)
        ms.ModelArtifact("two", namespace=namespace, source=[REPOSITORY, FOLDER], via="cluster")

    with pytest.raises(ms.InvalidArguments) as refused:
        declare(program)
    assert 'job: is given without via="cluster"' in str(refused.value)
    assert 'job: is missing: via="cluster" runs one' in str(refused.value)
