"""What an InferenceService's arguments must be, each by itself and together."""

from __future__ import annotations

from typing import Any

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.kubernetes import (
    annotations_problems,
    label_name_problems,
    labels_problems,
    quantity,
    quantity_problems,
    subdomain_name_problems,
)
from pulumi_modelstore.artifacts.model_artifact import ModelArtifact
from pulumi_modelstore.artifacts.reference import ModelReference
from pulumi_modelstore.kserve.account import Account
from pulumi_modelstore.kserve.pull_secrets import image_problems
from pulumi_modelstore.kserve.registry import RegistryCredentials
from pulumi_modelstore.kserve.resources import PROTOCOL_VERSION, Gpu, Resources
from pulumi_modelstore.kserve.service_arguments import ServiceArguments
from pulumi_modelstore.kserve.serving_check import MODE, check_serving
from pulumi_modelstore.kserve.start import check_start
from pulumi_modelstore.kserve.storage_uri import needs_keys, uri_problems
from pulumi_modelstore.kserve.volumes_check import check_volumes
from pulumi_modelstore.serving.autoscaling import KINDS, Keda, autoscaling_problems
from pulumi_modelstore.serving.release import container_name_problems, uri_release_problems
from pulumi_modelstore.serving.vllm import VllmRuntime
from pulumi_modelstore.serving.volumes import volume_reference
from pulumi_modelstore.volumes.model_volume import ModelVolume
from pulumi_modelstore.volumes.sizing import ModelSize

# KServe appends "-predictor" to it for a Service, whose name has 63 characters.
_LONGEST_NAME = 53
_MOST_REPLICAS = 2**31 - 1


def check_model(check: ArgumentCheck, model: Any, arguments: ServiceArguments, *, path: Any) -> ModelReference:
    """Check the model together with the credentials that are to read it."""
    path = check.text("model_path", path)
    if isinstance(model, ModelVolume):
        return volume_reference(check, model, path or "")
    if path is not None:
        check.add("model_path", "is given for a model that is no ModelVolume", "Write the path into the URI")
    if isinstance(model, ModelArtifact):
        check.uses("model", model, ModelArtifact)
        model = model.reference
    if isinstance(model, ModelReference) and model.refused:
        check.depends_on_refused = True
        return model
    credentials = arguments.credentials
    if isinstance(model, ModelReference) and model.namespace is not None:
        if model.namespace.refused:
            check.depends_on_refused = True
        elif credentials is None and arguments.service_account_name is None:
            remedy = "Pass credentials=namespace.kserve_credentials(...)"
            check.add("credentials", "are missing: pods could not read the model", remedy)
        elif credentials is not None and getattr(credentials, "namespace", None) is not model.namespace:
            remedy = f'Pass credentials of namespace "{model.namespace.given_name}"'
            check.add("credentials", "open another namespace than the one that holds the model", remedy)
        return model
    reference = model if isinstance(model, ModelReference) else ModelReference(model)
    if is_plain(reference.uri):
        _check_uri(check, reference.uri, arguments)
    return reference


def _check_uri(check: ArgumentCheck, uri: Any, arguments: ServiceArguments) -> None:
    if not isinstance(uri, str) or not uri:
        found = "is empty" if uri == "" else f"{type(uri).__name__} is no model"
        check.add("model", found, "Pass a ModelArtifact, artifact.at(tag), or a storage URI")
        return
    check.extend(uri_problems(uri) or uri_release_problems(uri, arguments.release))
    credentials = arguments.credentials
    if isinstance(credentials, RegistryCredentials):
        check.extend(image_problems(uri, credentials))
    if isinstance(credentials, Account):
        credentials = None if needs_keys(uri) else credentials
    if needs_keys(uri) and credentials is None and arguments.service_account_name is None:
        remedy = "Pass credentials, or the service_account_name of one that may read there"
        check.add("credentials", "are missing: pods could not read the model", remedy)


def check_model_size(check: ArgumentCheck, size: Any, known: int | None) -> int | None:
    """The size of the weights in bytes: what is known of them, else what was given; None where nobody says it."""
    if size is None:
        return known
    if known is not None:
        remedy = "Leave it out"
        check.add("model_size", f"is given for a model that is known to have {known} bytes", remedy)
        return known
    if isinstance(size, ModelSize):
        problems = size.problems() if check.uses_settings(size) else []
        check.extend(problems, under="model_size")
        return None if problems or size.refused else size.bytes
    problems = quantity_problems(size, argument="model_size")
    if not is_plain(size):
        check.add("model_size", "is an output, and a preview has to know it", "Pass a plain value")
        return None
    check.extend(problems)
    return None if problems else int(quantity(size))


def check_service(
    check: ArgumentCheck, arguments: ServiceArguments, *, uri: Any, model_bytes: int | None, download_bytes: int | None
) -> None:
    """Check everything but the model itself, of which each pod downloads so many bytes."""
    name = arguments.service_name
    check.extend(label_name_problems(name, argument="service_name", longest=_LONGEST_NAME))
    if isinstance(name, str) and name[:1].isdigit():
        check.add("service_name", f'"{name}" begins with a digit, which KServe refuses', "Begin with a letter")
    check.extend(label_name_problems(arguments.kubernetes_namespace, argument="kubernetes_namespace"))
    if arguments.runtime is not None and not isinstance(arguments.runtime, VllmRuntime):
        check.extend(subdomain_name_problems(arguments.runtime, argument="runtime"))
    if arguments.model_name is not None:
        check.extend(
            label_name_problems(arguments.model_name, argument="model_name")
            or container_name_problems(arguments.model_name, arguments.release)
        )
    model_format = arguments.model_format
    if is_plain(model_format) and not (isinstance(model_format, str) and model_format):
        found = "is empty" if not model_format else f"{type(model_format).__name__} is no text"
        check.add("model_format", found, "Name the format that the runtime supports, such as vLLM")
    version = arguments.protocol_version
    if version is not None and not PROTOCOL_VERSION.fullmatch(version):
        check.add("protocol_version", f"{version!r} is no protocol", "Write it like v1, v2 or grpc-v2")
    _check_account(check, arguments)
    _check_canary(check, arguments)
    _check_autoscaling(check, arguments)
    _check_replicas(check, arguments)
    if arguments.gpu is not None and check.settings("gpu", arguments.gpu, Gpu, remedy="Pass Gpu(count=...) or None"):
        check.extend(arguments.gpu.problems(), under="gpu")
    if check.settings("resources", arguments.resources, Resources, remedy="Pass Resources(cpu=..., memory=...)"):
        check.extend(arguments.resources.problems(model_bytes=download_bytes), under="resources")
    check_serving(check, arguments, uri=uri, model_bytes=model_bytes)
    check_start(check, arguments, uri=uri, model_bytes=model_bytes)
    check_volumes(check, arguments)
    check.extend(labels_problems(arguments.labels, argument="labels"))
    check.extend(annotations_problems(arguments.annotations, argument="annotations"))
    if arguments.annotations[MODE] != arguments.mode_annotation:
        remedy = "Leave it out, or pass deployment_mode: resources, replicas and URIs are checked for that mode"
        check.add(f'annotations["{MODE}"]', "is set to another mode", remedy)


def _check_account(check: ArgumentCheck, arguments: ServiceArguments) -> None:
    credentials = arguments.credentials
    if arguments.service_account_name is not None:
        check.extend(subdomain_name_problems(arguments.service_account_name, argument="service_account_name"))
        if credentials is not None:
            remedy = "Pass one of them: credentials come with a ServiceAccount of their own"
            check.add("service_account_name", "is given beside credentials", remedy)
    if credentials is None:
        return
    here, there = arguments.kubernetes_namespace, credentials.kubernetes_namespace_input
    if is_plain(here) and is_plain(there) and here != there:
        found = f'is "{here}", but credentials are in "{there}", where no other namespace can use them'
        check.add("kubernetes_namespace", found, "Leave it out, or declare credentials for that namespace")


def _check_canary(check: ArgumentCheck, arguments: ServiceArguments) -> None:
    percent = arguments.canary_traffic_percent
    if percent is None:
        return
    if isinstance(percent, bool) or not isinstance(percent, int) or not 0 <= percent <= 100:
        check.add("canary_traffic_percent", "is no share of the requests", "Give a whole number from 0 to 100")
    if arguments.mode != "Knative":
        remedy = 'Use ModelRollout(...), or deployment_mode="Knative"'
        check.add("canary_traffic_percent", "is set, and Standard mode has no revisions to divide between", remedy)


def _check_autoscaling(check: ArgumentCheck, arguments: ServiceArguments) -> None:
    autoscaling, bounds = arguments.autoscaling, (arguments.min_replicas, arguments.max_replicas)
    if autoscaling is None:
        return
    if not isinstance(autoscaling, KINDS):
        remedy = "Pass Hpa(...), Keda(...), Kpa(...) or Unscaled(...)"
        check.add("autoscaling", f"{type(autoscaling).__name__} is no autoscaler", remedy)
    elif check.uses_settings(autoscaling):
        mode, nodes = arguments.mode, arguments.nodes
        check.extend(autoscaling_problems(autoscaling, mode=mode, nodes=nodes, bounds=bounds))


def _check_replicas(check: ArgumentCheck, arguments: ServiceArguments) -> None:
    least, most = arguments.min_replicas, arguments.max_replicas
    for argument, value in (("min_replicas", least), ("max_replicas", most)):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_REPLICAS:
            unknown = "is an output, and a preview has to know it"
            found = f"{value!r} is no number of replicas" if is_plain(value) else unknown
            check.add(argument, found, "Use a whole number from 1")
            return
    scales = arguments.mode == "Knative" or isinstance(arguments.autoscaling, Keda)
    if least == 0 and not scales:
        remedy = "Use at least 1; scaling to zero needs Knative mode, or autoscaling=Keda(...)"
        check.add("min_replicas", "is 0, and Standard mode does not scale to zero", remedy)
    elif most < max(least, 1):
        check.add("max_replicas", f"{most} is less than min_replicas {least}", "Raise it to at least that")
