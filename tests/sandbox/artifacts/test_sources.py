"""One artifact from everywhere at once: a folder, a hub, another bucket and the web; and no secret in what is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sandbox.artifacts.checkout import Checkout
from servers.versitygw import VersityGateway
from standins.files import Answer, Request, WebServer, serving
from standins.huggingface import Hub

PROGRAM = """
from pulumi_modelstore import (
    BucketFolder, HuggingFaceRepository, ModelArtifact, S3Compatible, StorageNamespace, WebFile
)
store = S3Compatible(bucket="{bucket}", endpoint="{endpoint}", credentials="env:STORE")
other = S3Compatible(bucket="{other}", endpoint="{endpoint}", credentials="env:OTHER")
models = StorageNamespace("models", backend=store, adopt=True)
ModelArtifact("all", namespace=models, version="v1", source=[
    "model",
    HuggingFaceRepository(repo="org/tokenizer", endpoint="{hub}", token="env:HUB_TOKEN", into="hub"),
    BucketFolder(backend=other, path="adapters", allow=["*.bin"], into="adapters"),
    WebFile(url="env:SIGNED", sha256="{sha256}", path="web/vocabulary.txt"),
    WebFile(url="{web}/licence.txt", sha256="{licence}", token="env:WEB_TOKEN"),
])
"""
HUB_TOKEN, SIGNATURE, WEB_TOKEN = "hf_tokenOfTheHub", "signatureOfTheUrl", "tokenOfTheWeb"
VOCABULARY, LICENCE = b"a\nb\n" * 1000, b"MIT"


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def test_sources_combine_into_one_version_and_leave_no_secret(
    tmp_path: Path, versitygw: VersityGateway, bucket: str, hub: Hub
) -> None:
    client = versitygw.client()
    other = f"{bucket}-other"
    client.create_bucket(Bucket=other)
    client.put_object(Bucket=other, Key="adapters/a.bin", Body=b"adapter")
    client.put_object(Bucket=other, Key="adapters/README", Body=b"left out")
    hub.repositories["org/tokenizer"].readers = frozenset({HUB_TOKEN})

    def guarded(request: Request) -> Answer | None:
        known = request.query.get("X-Amz-Signature") == SIGNATURE
        return None if known or request.headers.get("authorization") == f"Bearer {WEB_TOKEN}" else Answer(403)

    files = {"/vocabulary.txt": VOCABULARY, "/licence.txt": LICENCE}
    with serving(WebServer(files=files, before=guarded)) as web:
        program = PROGRAM.format(
            bucket=bucket,
            other=other,
            endpoint=versitygw.endpoint,
            hub=hub.endpoint,
            web=web.endpoint,
            sha256=sha256(VOCABULARY),
            licence=sha256(LICENCE),
        )
        root = {"ACCESS_KEY_ID": versitygw.access_key_id, "SECRET_ACCESS_KEY": versitygw.secret_access_key}
        secrets = {
            "HUB_TOKEN": HUB_TOKEN,
            "WEB_TOKEN": WEB_TOKEN,
            "SIGNED": f"{web.endpoint}/vocabulary.txt?X-Amz-Signature={SIGNATURE}",
        }
        keys = {f"{prefix}_{name}": value for prefix in ("STORE", "OTHER") for name, value in root.items()}
        checkout = Checkout.of_program(tmp_path / "everywhere", "everywhere", program, {**keys, **secrets})
        (checkout.folder / "model").mkdir()
        (checkout.folder / "model/config.json").write_text("{}")

        refused = checkout.said("preview", WEB_TOKEN="of somebody else", HUB_TOKEN="hf_ofSomebodyElse")
        assert "cannot be sent" in refused
        assert "no such repository, or it is private" in refused
        said = checkout.run("up").stdout
        checkout.run("up", "--expect-no-changes")

    expected = {
        "adapters/a.bin": b"adapter",
        "config.json": b"{}",
        "hub/merges.bin": b"\7" * 3000,
        "hub/tokenizer.json": b"{}",
        "licence.txt": LICENCE,
        "web/vocabulary.txt": VOCABULARY,
    }
    found = client.list_objects_v2(Bucket=bucket, Prefix="models/all/v1/")["Contents"]
    assert {
        item["Key"].removeprefix("models/all/v1/"): client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        for item in found
    } == expected
    kept = [
        file.read_text() for folder in (checkout.home, checkout.folder) for file in folder.rglob("*") if is_text(file)
    ]
    assert any('"source"' in text for text in kept)
    for secret in (HUB_TOKEN, SIGNATURE, WEB_TOKEN, versitygw.secret_access_key):
        assert secret not in said
        assert not any(secret in text for text in kept)


def is_text(file: Path) -> bool:
    return file.is_file() and file.suffix in (".json", ".lock", ".yaml", ".log")
