"""`ImportJob`: how a version is brought into the store from within a cluster."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Literal

from pydantic import Field

from pulumi_modelstore.arguments.kubernetes import (
    label_name_problems,
    labels_problems,
    quantity,
    subdomain_name_problems,
)
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.keys.source import KeySource
from pulumi_modelstore.kserve.registry import RegistryCredentials
from pulumi_modelstore.kserve.resources import Resources
from pulumi_modelstore.serving.environment import SecretKey
from pulumi_modelstore.serving.pod_placement import PodPlacement
from pulumi_modelstore.serving.security import Security

LONGEST_JOB_NAME = 63
"""Kubernetes writes a Job's name into a label of its pods."""

_DAY = 24 * 60 * 60
_LEAST_MEMORY = "256Mi"
# An image of Python's has none but root.
_USER = 65532


def default_image() -> str:
    """The image that a Job runs unless told otherwise: one that the README says how to build, of this release."""
    return f"pulumi-modelstore:{version('pulumi-modelstore')}"


class SecretKeyPair(CheckedSettings):
    """A key pair in a Secret of the Job's Kubernetes namespace.

    Args:
        secret: name of the Secret.
        access_key_id: the key in it with the public part.
        secret_access_key: the key in it with the secret part.
    """

    secret: str
    access_key_id: str = "AWS_ACCESS_KEY_ID"
    secret_access_key: str = "AWS_SECRET_ACCESS_KEY"

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        return subdomain_name_problems(self.secret, argument="secret")

    def key(self, part: Literal["access_key_id", "secret_access_key"]) -> SecretKey:
        """One part of the pair."""
        return SecretKey(secret=self.secret, key=getattr(self, part))


class ImportJob(CheckedSettings):
    """A Kubernetes Job that runs `python -m pulumi_modelstore_provider.transfer`, as often as it takes.

    It goes where the `kubernetes` provider of the artifact's `opts` leads.

    Args:
        keys: `AccessKeyPair(...)` or `AccessKey(...)` of the namespace that may write; a Secret with the current key is
            declared for the Job.
        service_account_name: in place of keys, a ServiceAccount that is bound to a role of the bucket's cloud.
        image: with Python and `pulumi-modelstore[huggingface]`; unset, `pulumi-modelstore:<release>`, to be built as
            the README says.
        name: what the Job's name begins with; unset, `<artifact>-import`. Ten hex digits of the request follow.
        kubernetes_namespace: where the Job runs.
        tokens: for each reference to a token in the sources, such as `env:HF_TOKEN`, the Secret that it means in the
            Job; `default` is the hub's own token.
        key_pairs: for each `credentials` of a source's bucket, such as `env:OTHER`, the Secret that it means there.
        env_from: Secrets whose keys are all variables of the Job's environment; `env:` references then lead there.
        resources: requests and limits; the transfer itself keeps within 256 MiB.
        placement: the nodes that may have the pod.
        security: as whom it runs; `Security()` leaves the user to the cluster, as OpenShift wants it.
        image_pull_secrets: what the image is fetched with: `RegistryCredentials(...)`, or names of pull Secrets.
        labels: further labels of the Job and its pods.
        backoff_limit: attempts after the first; a failure that cannot heal ends the Job at once.
        deadline_seconds: after which the Job is ended, 24 hours unless set.
        ttl_seconds_after_finished: when Kubernetes removes the finished Job; unset, it stays with the stack. A Job that
            was removed is made anew at the next refresh, and finds its version in the store.
    """

    keys: Any = None
    service_account_name: str | None = None
    image: str = Field(default_factory=default_image)
    name: str | None = None
    kubernetes_namespace: str = "default"
    tokens: dict[str, SecretKey] = Field(default_factory=dict)
    key_pairs: dict[str, SecretKeyPair] = Field(default_factory=dict)
    env_from: tuple[str, ...] = ()
    resources: Resources = Resources(cpu="2", memory="1Gi", ephemeral_storage="1Gi")
    placement: PodPlacement = PodPlacement()
    security: Security = Security(user=_USER, group=_USER)
    image_pull_secrets: tuple[str | RegistryCredentials, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    backoff_limit: int = 6
    deadline_seconds: int = _DAY
    ttl_seconds_after_finished: int | None = None

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings but for `image_pull_secrets`, without asking the cluster."""
        found = label_name_problems(self.kubernetes_namespace, argument="kubernetes_namespace")
        found += self._access_problems()
        if not self.image.strip() or any(letter.isspace() for letter in self.image):
            found.append(Problem("image", f"{self.image!r} is no image", "Write it like registry/name:tag"))
        for argument in ("tokens", "key_pairs"):
            for reference, secret in getattr(self, argument).items():
                found += [problem.under(f'{argument}["{reference}"]') for problem in secret.problems()]
        for number, name in enumerate(self.env_from):
            found += subdomain_name_problems(name, argument=f"env_from[{number}]")
        wrong = [problem.under("resources") for problem in self.resources.problems(model_bytes=None)]
        if not wrong and quantity(self.resources.memory_limit or self.resources.memory) < quantity(_LEAST_MEMORY):
            wrong.append(Problem("resources.memory", "is less than a transfer takes", f"Give at least {_LEAST_MEMORY}"))
        found += wrong
        found += labels_problems(self.labels, argument="labels")
        found += [problem.under("placement") for problem in self.placement.problems()]
        found += [problem.under("security") for problem in self.security.problems()]
        for argument, least in (("backoff_limit", 0), ("deadline_seconds", 1), ("ttl_seconds_after_finished", 0)):
            value = getattr(self, argument)
            if value is not None and value < least:
                found.append(Problem(argument, f"is {value}", f"Use a whole number from {least}"))
        return found

    def _access_problems(self) -> list[Problem]:
        if self.keys is not None and self.service_account_name is not None:
            return [Problem("service_account_name", "is given beside keys", "Pass one of them")]
        if self.service_account_name is not None:
            return subdomain_name_problems(self.service_account_name, argument="service_account_name")
        if self.keys is None:
            remedy = "Pass AccessKey(...) that may write, or the service_account_name of one with such a role"
            return [Problem("keys", "are missing: the Job could not write", remedy)]
        if not isinstance(self.keys, KeySource):
            return [
                Problem("keys", f"{type(self.keys).__name__} is no AccessKeyPair or AccessKey", "Pass one of those")
            ]
        return []
