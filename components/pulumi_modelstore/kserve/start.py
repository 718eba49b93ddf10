"""How pods come by the model fast: a larger download, a cache on the nodes, or a stream into the GPUs."""

from __future__ import annotations

from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.inputs import derive, is_plain
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.kserve.service_arguments import ServiceArguments
from pulumi_modelstore.kserve.storage_uri import is_downloaded
from pulumi_modelstore.serving.node_cache import NodeCache, cache_name
from pulumi_modelstore.serving.storage_initializer import StorageInitializer
from pulumi_modelstore.serving.streaming import streaming_problems
from pulumi_modelstore.serving.vllm import VllmRuntime
from pulumi_modelstore.volumes.node_disks import ModelNodeGroup

_GROUP = "serving.kserve.io/v1alpha1"


def check_start(check: ArgumentCheck, arguments: ServiceArguments, *, uri: Any, model_bytes: int | None) -> None:
    """Check each of the ways, and that there is one of streaming and downloading."""
    downloads = is_downloaded(uri)
    initializer, cache = arguments.storage_initializer, arguments.node_cache
    if initializer is not None and check.settings(
        "storage_initializer", initializer, StorageInitializer, remedy="Pass StorageInitializer(...)"
    ):
        check.extend(initializer.problems(arguments.release, downloads=downloads), under="storage_initializer")
        if initializer.name is None and not is_plain(arguments.kubernetes_namespace):
            said = "is missing, and the namespace that would be in it is not known at preview"
            check.add("storage_initializer.name", said, "Give one that is unique in the cluster")
    if cache is not None and check.settings("node_cache", cache, NodeCache, remedy="Pass NodeCache(node_groups=[...])"):
        used = [check.uses("node_cache.node_groups", group, ModelNodeGroup) for group in cache.declared_groups()]
        if cache.credentials is not None:
            used.append(check.uses("node_cache.credentials", cache.credentials, type(cache.credentials)))
        if all(used):
            problems = cache.problems(arguments.release, downloads=downloads, model_bytes=model_bytes)
            check.extend(problems, under="node_cache")
    if not arguments.streaming:
        return
    check.extend(streaming_problems(uri, arguments.credentials, arguments.runtime))
    for name, other in {"storage_initializer": initializer, "node_cache": cache}.items():
        if other is not None:
            check.add(name, "is given beside streaming, which downloads nothing", "Pass one of them")


def declare_beside(
    component: CheckedComponent,
    arguments: ServiceArguments,
    uri: pulumi.Input[str],
    *,
    model_bytes: int | None,
    after: list[pulumi.Resource],
) -> list[pulumi.Resource]:
    """Declare what a service refers to: its runtime, the container of its download, its cache."""
    name, options = component.given_name, component.child_options
    namespaced = {"namespace": arguments.kubernetes_namespace}
    declared: list[pulumi.Resource] = []
    if isinstance(arguments.runtime, VllmRuntime):
        runtime = arguments.runtime.manifest(
            model_format=arguments.model_format,
            gpu=arguments.gpu,
            parallel=arguments.parallel,
            streaming=arguments.streaming,
        )
        metadata = {"name": arguments.runtime_name, **namespaced}
        declared.append(_object(f"{name}-runtime", "ServingRuntime", metadata, runtime, options()))
    if arguments.storage_initializer is not None:
        container = arguments.storage_initializer.manifest(arguments.release, uri)
        metadata = {"name": arguments.initializer_name}
        declared.append(_object(f"{name}-initializer", "ClusterStorageContainer", metadata, container, options()))
    if arguments.node_cache is not None:
        cache = arguments.node_cache
        spec = cache.manifest(uri, model_bytes=model_bytes, account=arguments.account_name)
        metadata = {
            "name": derive(lambda place: cache_name(arguments.service_name, place), uri),
            **({} if cache.shared else namespaced),
        }
        # KServe downloads with a ServiceAccount, once the model is there, to disks that it knows.
        needed = options(depends_on=[*after, *cache.needs])
        declared.append(_object(f"{name}-cache", cache.kind, metadata, spec, needed))
    return declared


def _object(
    name: str, kind: str, metadata: dict[str, Any], spec: dict[str, Any], options: pulumi.ResourceOptions
) -> pulumi.Resource:
    manifest = {"metadata": metadata, "spec": spec}
    return KubernetesObject(name, api_version=_GROUP, kind=kind, manifest=manifest, opts=options)
