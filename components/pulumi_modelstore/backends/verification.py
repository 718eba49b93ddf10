"""What stands against settings of TLS that contradict each other."""

from __future__ import annotations

from pulumi_modelstore.arguments.problem import Problem


def verification_problems(*bundles: str | None, verify_tls: bool, argument: str = "verify_tls") -> list[Problem]:
    """Return what is wrong with `verify_tls` beside those CA bundles; `argument` is what the backend calls it."""
    if verify_tls or not any(bundles):
        return []
    remedy = f"Leave {argument} out, or the CA bundle"
    return [Problem(argument, "is false although a CA bundle is given to verify with", remedy)]


def own_endpoint_problems(*bundles: str | None, verify_tls: bool, known: str | None) -> list[Problem]:
    """The same where a cloud's own endpoints are used unless another is given.

    `known` names the cloud's own, such as `AWS's own endpoints`, and is None where another endpoint is given.
    """
    found = verification_problems(*bundles, verify_tls=verify_tls)
    if found or verify_tls or known is None:
        return found
    remedy = f"Leave it out: {known} can be verified everywhere; for a proxy, give ca_bundle"
    return [Problem("verify_tls", "is false without an endpoint of your own", remedy)]
