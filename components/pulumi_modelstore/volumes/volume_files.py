"""`VolumeFiles`: files of the user's machine in a claim, as part of a stack."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.kubernetes import label_name_problems, subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.kserve.pull_secrets import check_pull_secrets
from pulumi_modelstore.kserve.registry import RegistryCredentials
from pulumi_modelstore.volumes.model_volume import ModelVolume
from pulumi_modelstore_provider.artifacts.content import Content
from pulumi_modelstore_provider.artifacts.source import read_source
from pulumi_modelstore_provider.errors import InvalidSource

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_TIMEOUTS = pulumi.CustomTimeouts(create="24h", update="24h", delete="1h")


class VolumeFiles(CheckedComponent):
    """The files of a path of this machine in a folder of a claim, brought through a short-lived pod.

    A preview names each file that was added, changed or removed. What changed is sent; what was brought earlier and is
    not in the source any more is removed; other files of the folder stay. It is the deployer's own kubeconfig that
    leads to the cluster, not a `kubernetes` provider of the stack.

    Args:
        name: of the component.
        volume: a `ModelVolume`, or the name of a claim.
        source: file or folder; a relative path counts from the program's folder.
        folder: folder of the claim, such as `adapters`; unset, the claim itself.
        kubernetes_namespace: of a claim that is given by name; a volume has its own.
        kubeconfig: path of the kubeconfig; unset, `KUBECONFIG` or `~/.kube/config` where Pulumi runs.
        context: of the kubeconfig; unset, its current one.
        image: of the pod, with Python 3.11 or newer.
        user: numeric id that the files belong to; None leaves it to the cluster, as OpenShift wants it.
        pull_secrets: what the image is pulled with: `RegistryCredentials(...)`, or names of pull Secrets.
        on_delete: `retain` leaves the files when this leaves the stack; `purge` removes those that it brought.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    files: Mapping[str, str]
    """Each file with its digest and size; above 256 files their tree digest, count and bytes."""

    def __init__(
        self,
        name: str,
        *,
        volume: ModelVolume | str,
        source: str | Path,
        folder: str = "",
        kubernetes_namespace: str | None = None,
        kubeconfig: str | None = None,
        context: str | None = None,
        image: str = "python:3.12-slim",
        user: int | None = 1000,
        pull_secrets: Sequence[RegistryCredentials | str] = (),
        on_delete: Literal["retain", "purge"] = "retain",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("VolumeFiles", name)
        claim, namespace, after = _claim(check, volume, kubernetes_namespace)
        content = _content(check, source)
        if not isinstance(folder, str) or (folder.strip("/") and not _FOLDER.fullmatch(folder.strip("/"))):
            check.add("folder", f"{folder!r} is no folder of a claim", "Write it like adapters or llama/v2")
        pulls = check_pull_secrets(check, pull_secrets, namespace)
        texts = {"kubeconfig": kubeconfig, "context": context, "image": image}
        given = {argument: check.text(argument, value) for argument, value in texts.items()}
        if user is not None and (isinstance(user, bool) or not isinstance(user, int) or user < 1):
            check.add("user", f"{user!r} is no user", "Give a number above 0: the pod does not run as root")
        if on_delete not in ("retain", "purge"):
            check.add("on_delete", f"{on_delete!r} is neither", 'Choose "retain" or "purge"')
        super().__init__(check, opts)
        self.files = content.as_inputs()
        if self.refused:
            return
        from pulumi_modelstore_provider.resources.volume_files import VolumeFiles as Declared

        Declared(
            f"{check.name}-files",
            claim=claim,
            kubernetes_namespace=namespace,
            folder=folder.strip("/"),
            files=dict(self.files),
            source=str(source),
            on_delete=on_delete,
            user=user,
            pull_secrets=list(pulls.names),
            **given,
            opts=self.child_options(depends_on=[*after, *pulls.resources], custom_timeouts=_TIMEOUTS),
        )
        self.register_outputs({"claim": claim, "folder": folder})


def _claim(check: ArgumentCheck, volume: Any, namespace: Any) -> tuple[str, Any, Sequence[pulumi.Resource]]:
    """Name of the claim, its namespace, and what must be there before."""
    if isinstance(volume, ModelVolume):
        if check.uses("volume", volume, ModelVolume) and not volume.claim_name:
            remedy = "Pass a volume with a claim"
            check.add("volume", f'is "{volume.given_name}", scratch space that each pod has anew', remedy)
        if namespace is not None:
            check.add("kubernetes_namespace", "is given for a volume, which has its own", "Leave it out")
        return volume.claim_name, volume.kubernetes_namespace_input, volume.objects
    if not isinstance(volume, str) and not is_plain(volume):
        check.add("volume", "is an output, and a preview has to know it", "Pass a ModelVolume, or a claim's name")
    check.extend(subdomain_name_problems(volume, argument="volume"))
    namespace = "default" if namespace is None else namespace
    check.extend(label_name_problems(namespace, argument="kubernetes_namespace"))
    return volume, namespace, ()


def _content(check: ArgumentCheck, source: Any) -> Content:
    if not isinstance(source, str | Path):
        known = f"{type(source).__name__} is no path" if is_plain(source) else "is an output, and a preview reads it"
        check.add("source", known, "Pass the path of a file or folder")
        return Content(())
    try:
        return read_source(source, base=Path.cwd())
    except InvalidSource as error:
        check.extend(Problem("source", f"{str(source)!r}: {problem}") for problem in error.problems)
    return Content(())
