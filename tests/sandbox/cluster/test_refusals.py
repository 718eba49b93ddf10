"""What is refused before anything is written, all of it at once, and by property path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.provider.experimental.property_value import PropertyValue

from cluster.driver import CONFIG_MAP, INFERENCE_SERVICE, SECRET, SERVICE_ACCOUNT, UNKNOWN, Driver, Refused

DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.org
spec:
  group: example.org
  names:
    kind: Widget
    plural: widgets
  scope: Namespaced
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer}
              mode: {type: string, enum: [fast, safe]}
              limits: {type: object, additionalProperties: {x-kubernetes-int-or-string: true}}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: galleries.example.org
spec:
  group: example.org
  names:
    kind: Gallery
    plural: galleries
  scope: Cluster
  versions:
  - name: v1
    schema: {openAPIV3Schema: {type: object, properties: {}}}
"""


def refusal(driver: Driver, token: str, inputs: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        driver.check(token, "it", inputs)
    return refused.value.problems


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("kubernetes:helm.sh/v3:Release", "Helm charts and releases need the Pulumi CLI"),
        ("kubernetes:helm.sh/v4:Chart", "Helm charts and releases need the Pulumi CLI"),
        ("kubernetes:yaml/v2:ConfigGroup", "need the Pulumi CLI"),
        ("kubernetes:kustomize/v2:Directory", "need the Pulumi CLI"),
        ("kubernetes:core/v1:SecretPatch", "declare the whole Secret"),
        ("kubernetes:core/v1:SecretList", "declare each Secret"),
        ("kubernetes:Secret", "is not the type of a Kubernetes object"),
    ],
)
def test_types_that_only_the_real_provider_has(driver: Driver, token: str, says: str) -> None:
    problems = refusal(driver, token, {"metadata": {"name": "a"}})
    assert list(problems) == [""]
    assert token in problems[""]
    assert says in problems[""]


def test_every_problem_is_reported_at_once(driver: Driver, manifests: Path) -> None:
    problems = refusal(
        driver,
        SECRET,
        {
            "metadata": {"name": "Not_Valid", "namespace": "UPPER", "labls": {}},
            "data": {"key": "not base64!"},
            "stringData": {"a b": "text", "port": 80},
            "immutable": "yes",
        },
    )
    assert problems == {
        "metadata.name": "'Not_Valid' is not valid: lower-case letters, digits, '-' and '.', a letter or digit at both "
        "ends of each part",
        "metadata.namespace": "'UPPER' is not valid: lower-case letters, digits and '-', a letter or digit at both "
        "ends",
        "metadata.labls": "is no field of this kind; did you mean labels?",
        "data.key": "is not base64; encode it, or give it in clear under stringData",
        'stringData["a b"]': "'a b' is not a valid key: letters, digits, '-', '_' and '.', at most 253",
        "stringData.port": "must be a string, not a whole number",
        "immutable": "must be true or false, not a string",
    }
    assert not manifests.exists()


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        (
            "kubernetes:apps/v1:Deployment",
            {"spec": {"replicas": 1.5, "template": {"spec": {"containers": [{"image": "a", "imagePul": "b"}]}}}},
            {
                "spec.replicas": "must be a whole number, not a number",
                "spec.selector": "is required",
                "spec.template.spec.containers[0].imagePul": "is no field of this kind; did you mean image?",
                "spec.template.spec.containers[0].name": "is required",
            },
        ),
        (
            "kubernetes:core/v1:Service",
            {"spec": {"ports": {"port": 80}}},
            {"spec.ports": "must be a list, not a map"},
        ),
        (
            "kubernetes:core/v1:Sekret",
            {"data": {}},
            {"kind": "v1 has no kind Sekret; look up its name and API version"},
        ),
    ],
)
def test_built_in_kinds_have_the_fields_of_pulumi_kubernetes(
    driver: Driver, token: str, inputs: dict[str, Any], expected: dict[str, str]
) -> None:
    assert refusal(driver, token, {"metadata": {"name": "a"}, **inputs}) == expected


def test_quantities_may_be_numbers_and_unknowns_may_be_anything(driver: Driver) -> None:
    pod = {"containers": [{"name": "a", "resources": {"limits": {"cpu": 2}}, "ports": UNKNOWN, "image": UNKNOWN}]}
    checked = driver.check("kubernetes:core/v1:Pod", "pod", {"metadata": {"name": "a"}, "spec": pod})
    assert checked["spec"].value["containers"].value[0].value["ports"].value == UNKNOWN


def test_api_version_and_kind_agree_with_the_type(driver: Driver) -> None:
    problems = refusal(
        driver, INFERENCE_SERVICE, {"apiVersion": "serving.kserve.io/v1", "kind": "Service", "metadata": {"name": "a"}}
    )
    assert set(problems) == {"apiVersion", "kind"}
    assert "'serving.kserve.io/v1beta1'" in problems["apiVersion"]


@pytest.mark.parametrize(
    ("token", "metadata", "path"),
    [
        (SERVICE_ACCOUNT, {"name": "a" * 254}, "metadata.name"),
        (SERVICE_ACCOUNT, {"name": "../other"}, "metadata.name"),
        (SERVICE_ACCOUNT, {"name": "a."}, "metadata.name"),
        ("kubernetes:core/v1:Namespace", {"name": "a.b"}, "metadata.name"),
        ("kubernetes:rbac.authorization.k8s.io/v1:Role", {"name": "a/b"}, "metadata.name"),
        ("kubernetes:core/v1:Namespace", {"name": "a", "namespace": "b"}, "metadata.namespace"),
        (SERVICE_ACCOUNT, {"name": "a", "generateName": "a-"}, "metadata.generateName"),
        (SERVICE_ACCOUNT, {"name": "a", "labels": {"k": "with space"}}, "metadata.labels.k"),
        (SERVICE_ACCOUNT, {"name": "a", "labels": {"-k": "v"}}, 'metadata.labels["-k"]'),
        (SERVICE_ACCOUNT, {"name": "a", "annotations": {"UPPER/k": "v"}}, 'metadata.annotations["UPPER/k"]'),
        (SERVICE_ACCOUNT, {"name": "a", "annotations": {"k": "v" * 2**18}}, "metadata.annotations"),
    ],
)
def test_names_follow_kubernetes_rules(driver: Driver, token: str, metadata: dict[str, Any], path: str) -> None:
    problems = refusal(driver, token, {"metadata": metadata})
    assert list(problems) == [path]


def test_names_that_rbac_alone_allows(driver: Driver) -> None:
    driver.check("kubernetes:rbac.authorization.k8s.io/v1:Role", "role", {"metadata": {"name": "system:Reader"}})


def test_an_object_over_a_megabyte_is_refused(driver: Driver) -> None:
    problems = refusal(driver, CONFIG_MAP, {"metadata": {"name": "a"}, "data": {"weights": "x" * (2**20 + 1)}})
    assert problems == {"data": "holds 1048577 bytes; Kubernetes takes 1048576 in one object"}


def test_an_object_is_declared_once(driver: Driver) -> None:
    driver.check(SERVICE_ACCOUNT, "first", {"metadata": {"name": "models"}})
    with pytest.raises(Refused) as refused:
        driver.check(SERVICE_ACCOUNT, "second", {"metadata": {"name": "models"}})

    assert driver.urn(SERVICE_ACCOUNT, "first") in refused.value.problems["metadata.name"]
    driver.check(SERVICE_ACCOUNT, "first", {"metadata": {"name": "models", "labels": {"a": "b"}}})
    driver.check(SERVICE_ACCOUNT, "third", {"metadata": {"name": "models", "namespace": "other"}})


def test_an_asset_is_no_kubernetes_value(driver: Driver) -> None:
    asset = PropertyValue(pulumi.StringAsset("text"))
    assert (
        "StringAsset" in refusal(driver, INFERENCE_SERVICE, {"metadata": {"name": "a"}, "spec": {"a": asset}})["spec.a"]
    )
    assert "StringAsset" in refusal(driver, CONFIG_MAP, {"metadata": {"name": "a"}, "data": {"a": asset}})["data.a"]


def test_a_refused_value_that_is_secret_is_not_shown(driver: Driver) -> None:
    secret = PropertyValue("hunter2 hunter2", is_secret=True)
    problems = refusal(driver, SERVICE_ACCOUNT, {"metadata": {"name": "a", "labels": {"key": secret}}})
    assert problems["metadata.labels.key"].startswith("'[secret]' is not valid")


def test_a_custom_resource_is_checked_where_its_definition_is_at_hand(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "widgets.yaml").write_text(DEFINITION)
    token = "kubernetes:example.org/v1:Widget"
    spec = {"sise": 1, "mode": "slow", "limits": {"cpu": 1, "gpu": True}, "free": {"anything": {"goes": 1}}}
    wrong = {"metadata": {"name": "a"}, "spec": spec}
    driver.check(token, "unchecked", wrong)

    monkeypatch.setenv("MODELSTORE_KSERVE_CRDS", str(tmp_path / "definitions"))
    assert refusal(driver, token, wrong | {"metadata": {"name": "b"}}) == {
        "spec.sise": "is no field of this kind",
        "spec.size": "is required",
        "spec.mode": "must be one of fast, safe",
        "spec.limits.gpu": "must be a whole number or a string",
    }
    right = {"metadata": {"name": "c"}, "spec": {"size": 1, "mode": UNKNOWN, "limits": {"cpu": "1"}}}
    assert driver.check(token, "right", right)["metadata"].value["namespace"].value == "default"

    versions = refusal(driver, "kubernetes:example.org/v2:Widget", right | {"metadata": {"name": "d"}})
    assert versions == {"apiVersion": "Widget has no version v2; its definition has v1"}
    gallery = driver.check("kubernetes:example.org/v1:Gallery", "gallery", {"metadata": {"name": "g"}})
    assert "namespace" not in gallery["metadata"].value


def test_functions_of_the_real_provider(driver: Driver) -> None:
    with pytest.raises(Exception, match="kubernetes:helm:template needs the Pulumi CLI"):
        driver.invoke("kubernetes:helm:template", jsonOpts="{}")


def test_yaml_text_is_split_into_objects(driver: Driver) -> None:
    text = """
kind: List
apiVersion: v1
items:
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}
- {apiVersion: v1, kind: Namespace, metadata: {name: b}}
---
# nothing
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: own}
data: {date: 2024-03-20}
"""
    found = driver.invoke("kubernetes:yaml:decode", text=text, defaultNamespace="room")["result"]
    assert [(item["kind"], item["metadata"]) for item in found] == [
        ("ServiceAccount", {"name": "a", "namespace": "room"}),
        ("Namespace", {"name": "b"}),
        ("ConfigMap", {"name": "c", "namespace": "own"}),
    ]
    assert found[2]["data"] == {"date": "2024-03-20"}


def test_importing_the_provider_imports_nothing_heavy() -> None:
    program = (
        "import sys, pulumi_modelstore_sandbox.cluster.provider\n"
        "print([name for name in ('kubernetes', 'pulumi_kubernetes', 'boto3', 'cryptography') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_what_was_declared_before_is_not_checked_against_types_again(home: Path) -> None:
    program = """
import sys
from cluster.driver import CONFIG_MAP, Driver, Recorded, dressed
driver = Driver()
declared = {"metadata": {"name": "c", "namespace": "n"}, "data": {"a": "b"}}
recorded = {"apiVersion": "v1", "kind": "ConfigMap", **declared}
driver.state[driver.urn(CONFIG_MAP, "c")] = Recorded("n/c", dressed(recorded), {})
for data in ("b", "c"):
    driver.check(CONFIG_MAP, "c", {**declared, "data": {"a": data}})
    print("pulumi_kubernetes.core.v1" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == ["False", "True"], done.stderr
