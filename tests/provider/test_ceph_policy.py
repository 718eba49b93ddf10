"""A bucket's policy on Ceph is shared: nobody's statements get lost, whoever writes at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from provider.ceph_place import CephPlace, ceph_place
from pulumi_modelstore_provider.errors import ModelstoreError, StoreRefused
from pulumi_modelstore_provider.keys.ceph_rgw_policy import arn_of, mark_of, statements_of
from pulumi_modelstore_provider.keys.protocol import Scope
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.s3.bucket_policy import BucketPolicy
from servers.ceph import CephServer

DENIAL = {
    "Sid": "NobodyDeletesTheBucket",
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["s3:DeleteBucket"],
    "Resource": ["arn:aws:s3:::*"],
}
ENSURE = """
import json, sys
from pulumi_modelstore_provider.keys.ceph_rgw import Settings
from pulumi_modelstore_provider.keys.protocol import Scope
issuer, name, bucket = json.loads(sys.argv[1])
sys.stdin.readline()
Settings.model_validate(issuer).open(None).ensure_principal(name, Scope(bucket))
"""


@pytest.fixture
def place(ceph: CephServer, monkeypatch: pytest.MonkeyPatch) -> CephPlace:
    return ceph_place(ceph, monkeypatch)


def admitted(place: CephPlace) -> set[str]:
    return {arn for statement in place.statements() for arn in statement["Principal"]["AWS"]}


def test_statements_of_others_stay_as_they_are(place: CephPlace) -> None:
    foreign = [DENIAL, {**DENIAL, "Sid": "WithoutList", "Action": "s3:PutBucketAcl"}]
    place.set_policy(*foreign)
    principal = place.made()
    assert place.statements()[:2] == foreign
    assert len(place.statements()) == 4
    PrincipalProvider().update(principal, place.principal(), place.principal(readOnly=True))
    assert place.statements() == [*foreign, *statements_of(principal, Scope(place.bucket, read_only=True))]
    PrincipalProvider().delete(principal, place.principal())
    assert place.statements() == foreign


def test_a_statement_that_somebody_wrote_for_the_same_user_stays(place: CephPlace) -> None:
    principal = place.made()
    by_hand = {**DENIAL, "Sid": "ByHand", "Principal": {"AWS": [arn_of(principal)]}}
    place.set_policy(by_hand, *place.statements())
    PrincipalProvider().delete(principal, place.principal())
    assert place.statements() == [by_hand]


def test_a_policy_with_one_statement_that_is_no_list(place: CephPlace) -> None:
    document = {"Version": "2012-10-17", "Statement": DENIAL}
    place.owner.put_bucket_policy(Bucket=place.bucket, Policy=json.dumps(document))
    place.made()
    assert place.statements()[0] == DENIAL


def test_statements_that_somebody_changed_are_mended(place: CephPlace) -> None:
    principal = place.made(readOnly=True)
    bucket, objects = place.statements()
    place.set_policy({**bucket, "Action": ["s3:*"]}, objects)
    place.made(readOnly=True)
    assert place.statements() == statements_of(principal, Scope(place.bucket, read_only=True))


def test_threads_of_one_run_lose_nothing(place: CephPlace) -> None:
    names = [f"reader-{number}" for number in range(8)]
    start = threading.Barrier(len(names))

    def make(name: str) -> str:
        start.wait(timeout=30)
        return place.made(name)

    with ThreadPoolExecutor(len(names)) as pool:
        principals = list(pool.map(make, names))
    assert admitted(place) == {arn_of(principal) for principal in principals}


def test_two_runs_at_the_same_time_lose_nothing(place: CephPlace) -> None:
    names = ["first", "second", "third"]
    arguments = [json.dumps([place.issuer(), name, place.bucket]) for name in names]
    runs = [
        subprocess.Popen([sys.executable, "-c", ENSURE, argument], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for argument in arguments
    ]
    for run in runs:
        assert run.stdin is not None
        run.stdin.write(b"go\n")
        run.stdin.flush()
    for run in runs:
        _, said = run.communicate(timeout=60)
        assert run.returncode == 0, said.decode()
    assert admitted(place) == {arn_of(f"{name}@{place.bucket}") for name in names}


class Overwriting:
    """The owner's client, with somebody who writes back what was read before each of our writes, `times` times."""

    def __init__(self, client: Any, times: int) -> None:
        self.client, self.times = client, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def put_bucket_policy(self, *, Bucket: str, Policy: str) -> None:  # noqa: N803 - the SDK's names
        before = self.client.get_bucket_policy(Bucket=Bucket)["Policy"]
        self.client.put_bucket_policy(Bucket=Bucket, Policy=Policy)
        if self.times:
            self.times -= 1
            self.client.put_bucket_policy(Bucket=Bucket, Policy=before)


def test_what_another_writer_undid_is_written_again(place: CephPlace) -> None:
    place.set_policy(DENIAL)
    waits: list[float] = []
    policy = BucketPolicy(Overwriting(place.owner, 3), place.bucket, "s3://there", sleep=waits.append)
    policy.settle(mark_of("readers"), statements_of("readers", Scope(place.bucket)), of="readers")
    assert place.statements() == [DENIAL, *statements_of("readers", Scope(place.bucket))]
    assert len(waits) == 4


def test_a_writer_that_never_stops_is_named_as_the_reason(place: CephPlace) -> None:
    place.set_policy(DENIAL)
    policy = BucketPolicy(Overwriting(place.owner, 1000), place.bucket, "s3://there", sleep=lambda _: None)
    with pytest.raises(ModelstoreError, match=r"others write it at the same time.*Run again when no other stack"):
        policy.settle(mark_of("readers"), statements_of("readers", Scope(place.bucket)), of="readers")
    assert place.statements() == [DENIAL]


def test_only_the_owner_sets_the_policy(place: CephPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = place.server.new_user(f"stranger-{place.bucket}")
    monkeypatch.setenv("OWNER_ACCESS_KEY_ID", stranger.access_key_id)
    monkeypatch.setenv("OWNER_SECRET_ACCESS_KEY", stranger.secret_access_key)
    with pytest.raises(StoreRefused, match=r"AccessDenied.*key of the bucket's owner") as refusal:
        place.made()
    assert stranger.secret_access_key not in str(refusal.value)
    assert place.bucket in str(refusal.value)


@pytest.mark.parametrize(("principal", "arn"), [("a@b", "arn:aws:iam:::user/a@b"), ("t$a", "arn:aws:iam::t:user/a")])
def test_how_policies_name_a_user(principal: str, arn: str) -> None:
    assert arn_of(principal) == arn
