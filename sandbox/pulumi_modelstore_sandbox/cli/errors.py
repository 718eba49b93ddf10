"""What the user sees of an error that is theirs to mend: one paragraph, no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from pulumi_modelstore_sandbox.project.errors import ProjectError
from pulumi_modelstore_sandbox.state.errors import StateError


@contextmanager
def told() -> Iterator[None]:
    """Tell errors of project, state and servers as one paragraph and end with status 1."""
    try:
        yield
    except (ProjectError, StateError) as error:
        raise click.ClickException(str(error)) from None
    except Exception as error:
        if _is_of_the_sandbox_aws(error):
            raise click.ClickException(str(error)) from None
        raise


def _is_of_the_sandbox_aws(error: Exception) -> bool:
    from pulumi_modelstore_sandbox.aws.server import AwsServerError

    return isinstance(error, AwsServerError)
