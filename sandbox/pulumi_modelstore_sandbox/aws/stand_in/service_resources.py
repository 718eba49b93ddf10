"""Which table or queue a request is about: moto asks policies about all at once, and so only `*` would do."""

from __future__ import annotations

import json
from typing import Any, Final

from moto.core.responses import BaseResponse
from moto.iam.access_control import IAMPolicy, IAMRequest

from pulumi_modelstore_sandbox.aws.stand_in import policies

_Response: Any = BaseResponse
_Request: Any = IAMRequest
_SERVICES: Final = ("dynamodb:", "sqs:")
_TRANSACTION: Final = "dynamodb:TransactWriteItems"


def name_resources() -> None:
    """Have policies asked about the table or queue, and about each action of a transaction."""
    _Response._determine_resource = _resource
    original = _Request.check_action_permitted

    def check_action_permitted(request: Any, resource: str) -> None:
        if not request._action.startswith(_SERVICES):
            original(request, resource)
            return
        queue = _body(request._body).get("QueueName")
        if resource == "*" and queue and request._action.startswith("sqs:"):
            # moto names the queue itself where a request has its URL.
            region = request._headers["Authorization"].split("/")[2]
            resource = f"arn:aws:sqs:{region}:{request.account_id}:{queue}"
        documents = [IAMPolicy(policy)._policy_json for policy in request._access_key.collect_policies()]
        for action in _actions(request):
            decisions = [policies.decide(document, action, resource, {}) for document in documents]
            if "deny" in decisions or "allow" not in decisions:
                request._raise_access_denied()

    _Request.check_action_permitted = check_action_permitted


def _actions(request: Any) -> list[str]:
    if request._action != _TRANSACTION:
        return [request._action]
    # AWS knows no permission for a transaction: what it does has to be allowed.
    items = _body(request._body).get("TransactItems", [])
    return [f"dynamodb:{operation}Item" for item in items for operation in item]


def _resource(response: Any) -> str:
    name = _table(_body(response.raw_body)) if response.service_name == "dynamodb" else ""
    return f"arn:aws:dynamodb:{response.region}:{response.current_account}:table/{name}" if name else "*"


def _table(body: dict[str, Any]) -> str:
    if body.get("TableName"):
        return str(body["TableName"]).rpartition("/")[2]
    # The stores' requests are about one table each.
    batch = [*body.get("RequestItems", {})]
    transaction = [one.get("TableName", "") for item in body.get("TransactItems", []) for one in item.values()]
    names = {*batch, *transaction}
    return names.pop() if len(names) == 1 else ""


def _body(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
