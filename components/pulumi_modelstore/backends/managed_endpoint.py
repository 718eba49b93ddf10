"""Stores with an S3 endpoint whose keys come from a management service at another address, with TLS of its own."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import pulumi
from pydantic import ValidationError

from pulumi_modelstore.arguments.inputs import derive, is_plain
from pulumi_modelstore.arguments.problem import Problem, problems_of
from pulumi_modelstore.backends.issuing_endpoint import IssuingEndpoint
from pulumi_modelstore.backends.settings import TextInput
from pulumi_modelstore.backends.verification import verification_problems
from pulumi_modelstore_provider.keys.protocol import IssuerSettings


@dataclass(frozen=True)
class Management:
    """A management service: the `argument` that holds its address, and begins the names of its TLS settings."""

    argument: str
    address: TextInput
    verify_tls: bool
    ca_bundle: str | None


class ManagedEndpoint(IssuingEndpoint):
    """A bucket on a store with a management service."""

    @abstractmethod
    def _management(self) -> Management:
        """Where that service is."""

    @abstractmethod
    def _issuer_model(self) -> type[IssuerSettings]:
        """What the provider takes as settings of that service."""

    @abstractmethod
    def _issuer_settings(self) -> dict[str, Any]:
        """Those settings without address and TLS; None is left out."""

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking the store."""
        found = super().problems()
        service = self._management()
        address = service.address if is_plain(service.address) else "https://not-known-yet"
        names = {
            "credentials": "admin_credentials",
            "verify_tls": f"{service.argument}_verify_tls",
            "ca_bundle": f"{service.argument}_ca_bundle",
        }
        try:
            self._issuer_model().model_validate(self._settings_at(address))
        except ValidationError as error:
            found += [
                Problem(names.get(problem.argument, problem.argument), problem.found, problem.remedy)
                for problem in problems_of(error)
            ]
        argument = names["verify_tls"]
        return found + verification_problems(service.ca_bundle, verify_tls=service.verify_tls, argument=argument)

    def _issuer(self) -> pulumi.Input[dict[str, Any]]:
        return derive(lambda url: self._settings_at(url.rstrip("/")), self._management().address)

    def _settings_at(self, url: Any) -> dict[str, Any]:
        service = self._management()
        settings = self._issuer_settings() | {
            service.argument: url,
            "verifyTls": service.verify_tls,
            "caBundle": service.ca_bundle or (self.ca_bundle if service.verify_tls else None),
        }
        return {name: value for name, value in settings.items() if value is not None}
