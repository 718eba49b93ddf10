"""The sandbox's AWS provider: Pulumi's provider protocol on one side, the resource types of this package on the other.

Neither `check` nor `diff` opens a connection or imports boto3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pulumi.provider.experimental import provider as protocol
from pulumi.provider.experimental.provider import Provider

from pulumi_modelstore_sandbox.aws import functions
from pulumi_modelstore_sandbox.aws.argument_types import Problem, argument_names, arguments_class, conform
from pulumi_modelstore_sandbox.aws.clients import AwsClients
from pulumi_modelstore_sandbox.aws.configuration import configuration_problems, settings
from pulumi_modelstore_sandbox.aws.differences import changed_paths, detailed, root
from pulumi_modelstore_sandbox.aws.dynamodb_table import Table
from pulumi_modelstore_sandbox.aws.errors import NotInSandbox
from pulumi_modelstore_sandbox.aws.iam_access_key import AccessKey
from pulumi_modelstore_sandbox.aws.iam_inline_policy import RolePolicy, UserPolicy
from pulumi_modelstore_sandbox.aws.iam_role import Role
from pulumi_modelstore_sandbox.aws.iam_user import User
from pulumi_modelstore_sandbox.aws.properties import Properties, dressed, is_unknown, plain, secret_keys
from pulumi_modelstore_sandbox.aws.resource_type import Naming, ResourceType
from pulumi_modelstore_sandbox.aws.s3_bucket import Bucket
from pulumi_modelstore_sandbox.aws.s3_bucket_lifecycle import Lifecycle
from pulumi_modelstore_sandbox.aws.s3_bucket_logging import Logging
from pulumi_modelstore_sandbox.aws.s3_bucket_policy import BucketPolicy
from pulumi_modelstore_sandbox.aws.s3_bucket_protection import (
    Encryption,
    OwnershipControls,
    PublicAccessBlock,
    Versioning,
)
from pulumi_modelstore_sandbox.unfinished import Unfinished

_TYPES: Final[Mapping[str, ResourceType]] = {
    kind.token: kind
    for kind in (
        AccessKey(),
        Bucket(),
        BucketPolicy(),
        Encryption(),
        Lifecycle(),
        Logging(),
        OwnershipControls(),
        PublicAccessBlock(),
        Role(),
        RolePolicy(),
        Table(),
        User(),
        UserPolicy(),
        Versioning(),
    )
}


class AwsProvider(Provider):
    """Serves the `aws:*` types that the components use, against the endpoint of the AWS_* variables.

    Without AWS_ENDPOINT_URL it starts the sandbox's AWS of MODELSTORE_SANDBOX_HOME at its first call.
    """

    def __init__(self) -> None:
        self._aws = AwsClients(settings({}))

    async def check_config(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        """Refuse configuration that the real provider does not have."""
        problems = configuration_problems(plain(request.new_inputs))
        return protocol.CheckResponse(inputs=request.new_inputs, failures=_failures(problems))

    async def configure(self, request: protocol.ConfigureRequest) -> protocol.ConfigureResponse:
        """Take over region and default tags."""
        self._aws = AwsClients(settings(plain(request.args)))
        # Outputs and resource references would arrive in forms that the SDK's servicer cannot read.
        return protocol.ConfigureResponse(
            accept_secrets=True, supports_preview=True, accept_resources=False, accept_outputs=False
        )

    async def invoke(self, request: protocol.InvokeRequest) -> protocol.InvokeResponse:
        """Answer a function."""
        arguments = plain(request.args)
        return protocol.InvokeResponse(
            return_value=dressed(functions.call(self._aws, request.tok, arguments), secret_keys(request.args))
        )

    async def check(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        """Complete the inputs, and return everything that is wrong with them."""
        token, name = _token_and_name(request.urn)
        kind = _TYPES.get(token)
        if kind is None:
            return protocol.CheckResponse(inputs={}, failures=_failures([Problem("", str(_not_there(token)))]))
        given, problems = conform(arguments_class(*kind.arguments), plain(request.new_inputs))
        problems += [
            Problem(key, f"the sandbox does not have it: {kind.beyond[key]}") for key in given if key in kind.beyond
        ]
        naming = Naming(name, plain(request.old_inputs), request.random_seed)
        inputs = kind.completed(given, naming, self._aws.settings.region)
        if not problems:
            problems = list(kind.problems(inputs))
        return protocol.CheckResponse(
            inputs=dressed(inputs, secret_keys(request.new_inputs)), failures=_failures(problems)
        )

    async def diff(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        """Compare the recorded state with new inputs."""
        kind = _type_of(request.urn)
        state, inputs = plain(request.old_state), plain(request.new_inputs)
        paths = changed_paths(
            state,
            inputs,
            arguments=argument_names(arguments_class(*kind.arguments)) - kind.beyond.keys(),
            kept=kind.kept,
            documents=kind.documents,
        )
        roots = list(dict.fromkeys(root(path) for path in paths))
        replaces = [key for key in roots if key in kind.replaces]
        return protocol.DiffResponse(
            changes=bool(paths),
            replaces=replaces,
            delete_before_replace=bool(replaces) and _same_identity(kind, state, inputs),
            diffs=roots,
            detailed_diff=detailed(paths, kind.replaces),
        )

    async def create(self, request: protocol.CreateRequest) -> protocol.CreateResponse:
        """Create a resource, or say what a preview knows of it."""
        kind, inputs = _type_of(request.urn), plain(request.properties)
        if request.preview:
            identity, outputs = "", kind.planned(inputs, None, self._aws.settings.default_tags)
        else:
            identity, outputs = kind.create(self._aws, inputs)
        secrets = secret_keys(request.properties) | kind.secrets
        return protocol.CreateResponse(resource_id=identity, properties=dressed(outputs, secrets))

    async def read(self, request: protocol.ReadRequest) -> protocol.ReadResponse:
        """Read a resource; an empty id says that it is gone."""
        kind, state = _type_of(request.urn), plain(request.properties)
        outputs = kind.read(self._aws, request.resource_id, state)
        if outputs is None:
            return protocol.ReadResponse(resource_id="")
        secrets = secret_keys(request.properties) | secret_keys(request.inputs) | kind.secrets
        inputs = _refreshed_inputs(kind, plain(request.inputs), outputs)
        return protocol.ReadResponse(
            resource_id=request.resource_id, properties=dressed(outputs, secrets), inputs=dressed(inputs, secrets)
        )

    async def update(self, request: protocol.UpdateRequest) -> protocol.UpdateResponse:
        """Change a resource, or say what a preview knows of it."""
        kind, state, inputs = _type_of(request.urn), plain(request.olds), plain(request.news)
        if request.preview:
            outputs = kind.planned(inputs, state, self._aws.settings.default_tags)
        else:
            outputs = kind.update(self._aws, request.resource_id, state, inputs)
        return protocol.UpdateResponse(properties=dressed(outputs, secret_keys(request.news) | kind.secrets))

    async def delete(self, request: protocol.DeleteRequest) -> None:
        """Delete a resource."""
        _type_of(request.urn).delete(self._aws, request.resource_id, plain(request.properties))

    async def remove_unfinished(self, creation: Unfinished) -> str | None:
        """Remove what a killed run created, told by its name and the time at which it was made."""
        kind, inputs = _type_of(creation.urn), plain(creation.inputs)
        made = [
            identity
            for identity, created in kind.made_by(self._aws, inputs)
            if creation.may_have_made(identity, created)
        ]
        for identity in made:
            kind.delete(self._aws, identity, inputs)
        return f"{kind.token} {', '.join(made)}" if made else None


def _type_of(urn: str) -> ResourceType:
    token, _ = _token_and_name(urn)
    if token not in _TYPES:
        raise _not_there(token)
    return _TYPES[token]


def _token_and_name(urn: str) -> tuple[str, str]:
    """Take `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>` apart; a name may contain `::`."""
    _, _, types, name = urn.split("::", 3)
    return types.rpartition("$")[2], name


def _not_there(token: str) -> NotInSandbox:
    return NotInSandbox(
        f"The sandbox's AWS has no resource type {token}",
        remedy=f"It has {', '.join(sorted(_TYPES))}; whatever else AWS has needs the Pulumi CLI and a real account",
    )


def _failures(problems: list[Problem]) -> list[protocol.CheckFailure]:
    return [protocol.CheckFailure(problem.property, problem.reason) for problem in problems]


def _same_identity(kind: ResourceType, state: Properties, inputs: Properties) -> bool:
    """Tell whether the replacement has the name of what it replaces: both cannot exist at once."""
    name = inputs.get(kind.identifying)
    return name is not None and not is_unknown(name) and name == state.get(kind.identifying)


def _refreshed_inputs(kind: ResourceType, recorded: Properties, outputs: Properties) -> Properties:
    """Return inputs that say what AWS has: the recorded ones brought up to date, or all there are, for an import."""
    if recorded:
        return {key: outputs.get(key, value) for key, value in recorded.items()}
    names = argument_names(arguments_class(*kind.arguments)) - kind.beyond.keys()
    return {key: value for key, value in outputs.items() if key in names and value not in (None, "", {}, [])}
