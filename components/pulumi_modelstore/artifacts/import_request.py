"""What an import Job is asked to do: the upload with its credentials as references into the Job's own environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.artifacts.import_job import ImportJob
from pulumi_modelstore.serving.environment import SecretKey

FOLDER = "/etc/modelstore"
"""Where the request is mounted."""
TARGET = "MODELSTORE_TARGET"
"""Prefix of the variables with the key that writes."""

_SOURCE = "MODELSTORE_SOURCE"


@dataclass
class InThePod:
    """Settings as a pod takes them.

    Attributes:
        variables: environment variables, each with the place of its value in a Secret.
        files: certificates of stores, by the names of their files in the folder of the request.
        problems: references that lead nowhere in a pod.
    """

    job: ImportJob
    variables: dict[str, SecretKey] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def sources(self, sources: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Pinned sources with references that lead into the pod's environment."""
        return [self._source(number, dict(source)) for number, source in enumerate(sources)]

    def connection(self, connection: Mapping[str, Any], *, credentials: str, name: str) -> dict[str, Any]:
        """A connection with those credentials, and with its certificates where the pod finds them."""
        found = {**connection, "credentials": credentials}
        bundle = connection.get("caBundle")
        if bundle is not None:
            try:
                self.files[f"{name}.crt"] = Path(bundle).expanduser().read_text(encoding="ascii")
            except (OSError, ValueError) as error:
                remedy = "Give the path of a PEM file"
                self.problems.append(Problem("namespace", f"{bundle!r} cannot be read: {error}", remedy))
            found["caBundle"] = f"{FOLDER}/{name}.crt"
        return found

    def _source(self, number: int, source: dict[str, Any]) -> dict[str, Any]:
        variable = f"{_SOURCE}_{number}"
        for name in ("token", "url"):
            reference = source.get(name)
            if reference and (name == "token" or reference.startswith(("env:", "config:"))):
                source[name] = self._token(reference, f"{variable}_{name.upper()}")
        connection = source.get("connection")
        if isinstance(connection, Mapping):
            credentials = self._key_pair(str(connection.get("credentials", "default")), variable)
            source["connection"] = self.connection(connection, credentials=credentials, name=f"source-{number}")
        return source

    def _token(self, reference: str, variable: str) -> str:
        secret = self.job.tokens.get(reference)
        if secret is not None:
            self.variables[variable] = secret
            return f"env:{variable}"
        return self._as_it_is(reference, "tokens", 'SecretKey(secret="hub", key="token")')

    def _key_pair(self, reference: str, variable: str) -> str:
        pair = self.job.key_pairs.get(reference)
        if pair is not None:
            self.variables[f"{variable}_ACCESS_KEY_ID"] = pair.key("access_key_id")
            self.variables[f"{variable}_SECRET_ACCESS_KEY"] = pair.key("secret_access_key")
            return f"env:{variable}"
        return self._as_it_is(reference, "key_pairs", 'SecretKeyPair(secret="other-bucket")')

    def _as_it_is(self, reference: str, argument: str, example: str) -> str:
        if reference != "default" and not (reference.startswith("env:") and self.job.env_from):
            found = f'have no "{reference}", which a source refers to and no pod can see'
            remedy = f'Name the Secret that it means there: {argument}={{"{reference}": {example}}}'
            self.problems.append(Problem(f"job.{argument}", found, remedy))
        return reference


def destination(namespace: Any, job: ImportJob) -> tuple[Any, str]:
    """How the Job reaches the namespace's store: settings, which may be an output, and the reference to credentials."""
    if job.keys is not None:
        return namespace.backend.key_connection(), f"env:{TARGET}"
    return namespace.backend.connection(), "default"
