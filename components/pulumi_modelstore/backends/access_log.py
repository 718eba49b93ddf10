"""`AccessLog`: where a store writes down who read and wrote what in a bucket."""

from __future__ import annotations

from typing import Any

from pulumi_modelstore.arguments.bucket_name import bucket_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.backends.settings import TextInput


class AccessLog(CheckedSettings):
    """A bucket's access log, kept in another bucket of the same store.

    Args:
        bucket: the bucket that takes the log; not the one whose log it is.
        prefix: begins the names of the log's objects, such as `models/`.
    """

    bucket: TextInput
    prefix: str = ""

    def problems(self, *, of: Any) -> list[Problem]:
        """What is wrong with the log as that of the bucket `of`, seen from the argument `audit`."""
        found = [problem.under("audit") for problem in bucket_name_problems(self.bucket)]
        if isinstance(self.bucket, str) and self.bucket == of:
            remedy = "Name another bucket: a log in the bucket itself would log its own writing"
            found.append(Problem("audit.bucket", f'"{self.bucket}" is the bucket whose log it is', remedy))
        return found
