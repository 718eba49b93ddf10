"""From the arguments of a service's constructor to `ServiceArguments`: types checked, defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.kserve.account import Account
from pulumi_modelstore.kserve.credentials import KServeCredentials
from pulumi_modelstore.kserve.resources import Gpu
from pulumi_modelstore.kserve.service_arguments import ServiceArguments
from pulumi_modelstore.kserve.serving_check import MODE
from pulumi_modelstore.serving.autoscaling import autoscaling_annotations
from pulumi_modelstore.serving.mount import Mount, mounts_of_the_stack
from pulumi_modelstore.serving.parallel import Parallel
from pulumi_modelstore.serving.release import (
    NEWEST,
    Mode,
    mode_annotation,
    mode_problems,
    release_of,
    release_problems,
)
from pulumi_modelstore.serving.volumes import volumes_of
from pulumi_modelstore.serving.workers import worker_annotations

_TEXTS = ("model_format_version", "protocol_version", "shared_memory")


class Alauda(NamedTuple):
    """What Alauda AI reads from a service's annotations and labels."""

    model_repository: str | None
    pipeline_tag: str | None
    runtime_type: str | None

    def annotations(self) -> dict[str, str]:
        """The annotations that are set."""
        named = {"aml-model-repo": self.model_repository, "aml-pipeline-tag": self.pipeline_tag}
        return {name: value for name, value in named.items() if value is not None}

    def labels(self) -> dict[str, str]:
        """The label, where it is set."""
        return {} if self.runtime_type is None else {"aml.cpaas.io/runtime-type": self.runtime_type}


def arguments_of(
    check: ArgumentCheck,
    *,
    model: Any,
    kserve_version: Any,
    alauda: Alauda,
    annotations: Any,
    labels: Any,
    **given: Any,
) -> ServiceArguments:
    """The service's arguments; what is of the wrong type is recorded and left out."""
    credentials = given["credentials"]
    if isinstance(credentials, Account):
        check.uses("credentials", credentials, Account)
    elif credentials is not None:
        check.uses("credentials", credentials, KServeCredentials)
    if not isinstance(credentials, KServeCredentials | Account):
        credentials = None
    check.extend([*release_problems(kserve_version), *mode_problems(given["mode"])])
    release = release_of(kserve_version) or NEWEST
    mode: Mode = "Knative" if given["mode"] == "Knative" else "Standard"
    namespace = given["kubernetes_namespace"]
    if namespace is None:
        namespace = credentials.kubernetes_namespace_input if credentials else "default"
    most, waits = given["max_replicas"], given["wait_for_fill"]
    mounts = _mounts(check, given["mounts"])
    values = {
        **given,
        **{name: check.text(name, given[name]) for name in _TEXTS},
        "mode": mode,
        "credentials": credentials,
        "kubernetes_namespace": namespace,
        "max_replicas": (given["min_replicas"] or 1) if most is None else most,
        "streaming": check.flag("streaming", given["streaming"]),
        "wait_for_fill": None if waits is None else check.flag("wait_for_fill", waits),
        "arguments": check.texts("arguments", given["arguments"]),
        "environment": check.mapping("environment", given["environment"]),
        "mounts": mounts,
        "volumes": volumes_of(check, model, mounts),
    }
    return ServiceArguments(
        **values,
        release=release,
        annotations={
            MODE: mode_annotation(mode, release),
            **autoscaling_annotations(given["autoscaling"]),
            **_worker_annotations(given["gpu"], given["parallel"]),
            **alauda.annotations(),
            **check.mapping("annotations", annotations),
        },
        labels={**alauda.labels(), **check.mapping("labels", labels)},
    )


def _worker_annotations(gpu: Any, parallel: Any) -> Mapping[str, str]:
    usable = isinstance(gpu, Gpu) and isinstance(parallel, Parallel)
    return worker_annotations(gpu, parallel.nodes) if usable else {}


def _mounts(check: ArgumentCheck, mounts: Any) -> Sequence[Mount]:
    if mounts is None:
        return mounts_of_the_stack(check)
    if not isinstance(mounts, Sequence) or isinstance(mounts, str):
        check.add("mounts", f"{type(mounts).__name__} is no list", "Pass a list of Mount(...)")
        return ()
    for number, mount in enumerate(mounts):
        if not isinstance(mount, Mount):
            remedy = "Pass Mount(volume=..., mount_as=...)"
            check.add(f"mounts[{number}]", f"{type(mount).__name__} is not Mount", remedy)
    return tuple(mount for mount in mounts if isinstance(mount, Mount))
