"""Which cluster a machine means: that of a kubeconfig, else the one whose pod this runs in."""

from __future__ import annotations

from typing import Any


def load_kubeconfig(config: Any, loaded: Any, *, file: str | None = None, context: str | None = None) -> None:
    """Load it by the module `kubernetes.config`; only without a file and a context may it be the pod's own cluster.

    Args:
        config: that module.
        loaded: the client's configuration, which is filled in.
        file: path; None for `KUBECONFIG`, which may name several, or the user's own.
        context: a context of it; None for the current one.

    Raises `ConfigException` or `OSError` where there is none.
    """
    try:
        config.load_kube_config(file, context, loaded)
    except (config.ConfigException, OSError) as error:
        if file is not None or context is not None:
            raise
        try:
            config.load_incluster_config(loaded)
        except config.ConfigException:
            raise error from None
