"""A fill from an image that carries a model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pulumi_modelstore.arguments.image import IMAGE
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.volumes.fills.settings import FillSettings, PodParts

_PATH = re.compile(r"/[A-Za-z0-9._/-]+")
_LINKED = "/model-image/files"
_MOUNTED = "/model-image"


class ImageFill(FillSettings):
    """The model in an image, copied into the volume.

    Args:
        image: the image, best by digest: `registry/team/llama@sha256:...`.
        path: folder of the image with the model.
        method: `sidecar` runs the image beside the fill, which needs `sh`, `ln`, `ls` and `sleep` in it and Kubernetes
            1.29; `image-volume` mounts it, which needs Kubernetes 1.35, or 1.31 and the feature gate ImageVolume, and
            nothing in the image. `kubernetesVersion` in the stack's configuration has a preview look at that.
        pull_policy: when nodes ask the registry; unset, as Kubernetes decides.
    """

    kind: Literal["image"] = "image"
    image: str
    path: str = "/models"
    method: Literal["sidecar", "image-volume"] = "sidecar"
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = super().problems()
        if "/" not in self.image or not IMAGE.fullmatch(self.image):
            remedy = "Write it like quay.io/team/llama@sha256:..., with its registry and without a scheme"
            found.append(Problem("image", f'"{self.image}" is no image reference', remedy))
        if not _PATH.fullmatch(self.path) or ".." in self.path.split("/"):
            found.append(Problem("path", f'"{self.path}" is no folder of an image', "Write it like /models"))
        return found

    def warnings(self) -> list[str]:
        """An image whose content can change under its name."""
        if "@sha256:" in self.image:
            return []
        return [f"{self.image} names an image by tag, whose content can change; a digest cannot"]

    def source(self) -> dict[str, Any]:
        """The image and the folder in it."""
        return {"type": self.kind, "image": self.image, "path": self.path}

    def reach(self) -> dict[str, Any]:
        """Where the filling container sees the folder."""
        inside = self.path.strip("/")
        return {"path": _LINKED if self.method == "sidecar" else f"{_MOUNTED}/{inside}"}

    def parts(self, security: Mapping[str, Any]) -> PodParts:
        """The image as a volume, or as a container whose root is seen through its process."""
        policy = {} if self.pull_policy is None else {"pullPolicy": self.pull_policy}
        mount = {"name": "model-image", "mountPath": _MOUNTED}
        if self.method == "image-volume":
            volume = {"name": "model-image", "image": {"reference": self.image, **policy}}
            return PodParts(volumes=[volume], mounts=[{**mount, "readOnly": True}])
        # `$$` is the shell's process id, which the filling container sees too.
        script = f"ln -sfn /proc/$$/root{self.path.rstrip('/')} {_LINKED} && sleep infinity"
        container = {
            "name": "model-image",
            "image": self.image,
            **({} if self.pull_policy is None else {"imagePullPolicy": self.pull_policy}),
            "command": ["sh", "-c", script],
            "restartPolicy": "Always",
            # The fill starts when the link leads to the model.
            "startupProbe": {"exec": {"command": ["ls", f"{_LINKED}/"]}, "periodSeconds": 1, "failureThreshold": 60},
            "volumeMounts": [mount],
            "securityContext": dict(security),
        }
        return PodParts(
            volumes=[{"name": "model-image", "emptyDir": {}}],
            mounts=[mount],
            init_containers=[container],
            shared_processes=True,
        )
