"""A fill from objects of any bucket."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.artifacts.import_job import SecretKeyPair
from pulumi_modelstore.artifacts.sources import BucketFolder
from pulumi_modelstore.volumes.fills.artifact import CERTIFICATE, VARIABLE, client_packages, in_the_pod
from pulumi_modelstore.volumes.fills.settings import FillSettings


class BucketFill(FillSettings):
    """Objects of a bucket on any store, such as Amazon S3 or Cloudflare R2, downloaded in parallel into a folder.

    Each object is read as it was listed, by its ETag, and compared with the digest that this package has recorded with
    it, where there is one. A version in a namespace is better filled by `ArtifactFill`, which knows every digest.

    Args:
        source_folder: `BucketFolder(backend=CloudflareR2(...), path="llama/")`: where the objects are, and which.
        key_pair: Secret in the volume's Kubernetes namespace with a key that reads there; unset, the pod reads with the
            role of `FillJob(service_account=...)`.
        as_of: any text, such as a date: the same text brings the objects once and never again, another one anew.
    """

    kind: Literal["bucket"] = "bucket"
    source_folder: Any
    key_pair: SecretKeyPair | None = None
    as_of: str = ""

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = super().problems()
        folder = self.source_folder
        if not isinstance(folder, BucketFolder):
            remedy = 'Pass BucketFolder(backend=..., path="llama/")'
            return [*found, Problem("source_folder", f"{type(folder).__name__} is no folder of a bucket", remedy)]
        if folder.refused:
            return found
        found += [problem.under("source_folder") for problem in folder.problems()]
        if folder.into:
            remedy = "Use the fill's own folder"
            found.append(Problem("source_folder.into", "is for the sources of an artifact", remedy))
        if self.key_pair is not None and not self.key_pair.refused:
            found += [problem.under("key_pair") for problem in self.key_pair.problems()]
        return found

    @property
    def uses_refused(self) -> bool:
        """Whether the folder or the key pair was refused itself."""
        return bool(getattr(self.source_folder, "refused", False)) or bool(self.key_pair and self.key_pair.refused)

    def source(self) -> dict[str, Any]:
        """The objects, as of when they are wanted."""
        settings = self.source_folder.to_settings()
        return {
            "type": self.kind,
            "place": str(settings),
            "prefix": settings.prefix,
            "allow": list(settings.allow),
            "ignore": list(settings.ignore),
            "asOf": self.as_of,
        }

    def reach(self) -> dict[str, Any]:
        """The store as a pod reaches it."""
        backend = self.source_folder.backend
        credentials = "default" if self.key_pair is None else f"env:{VARIABLE}"
        return {"connection": in_the_pod(backend.connection(), credentials), "bucket": backend.bucket}

    def files(self) -> dict[str, str]:
        """The certificate of a store that needs one."""
        bundle = getattr(self.source_folder.backend, "ca_bundle", None)
        return {} if bundle is None else {CERTIFICATE: Path(bundle).expanduser().read_text(encoding="ascii")}

    def packages(self) -> dict[str, str]:
        """What the store's client is made of."""
        return client_packages(self.source_folder.backend.kind)

    def needs_stores(self) -> bool:
        """It needs the package's own clients."""
        return True

    def environment(self, secret: str) -> list[dict[str, Any]]:  # noqa: ARG002 - the user's own Secret has the key
        """The key, by reference."""
        if self.key_pair is None:
            return []
        pair = self.key_pair
        return [
            pair.key("access_key_id").variable(f"{VARIABLE}_ACCESS_KEY_ID"),
            pair.key("secret_access_key").variable(f"{VARIABLE}_SECRET_ACCESS_KEY"),
        ]
