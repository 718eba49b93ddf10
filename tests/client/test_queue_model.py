"""Whatever producers and consumers do, in whatever order: the queue does what a simple model of it does."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_modelstore_client import Message, MessageQueueClient, ReceiptExpired
from servers.valkey import ValkeyServer

MAX_DELIVERIES = 2
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.sampled_from("abc")),
        st.tuples(st.just("receive"), st.integers(1, 4)),
        st.tuples(st.just("acknowledge"), st.integers(0, 5)),
        st.tuples(st.just("time passes"), st.just(0)),
    ),
    max_size=60,
)


@dataclass
class Model:
    """What a queue holds: each group's messages in their order, and what is out."""

    groups: dict[str, list[int]] = field(default_factory=dict)
    out: dict[str, set[int]] = field(default_factory=dict)
    deliveries: dict[int, int] = field(default_factory=dict)
    dead: list[int] = field(default_factory=list)

    def receive(self, most: int) -> list[int]:
        taken: list[int] = []
        free = sorted(
            (numbers[0], group) for group, numbers in self.groups.items() if numbers and group not in self.out
        )
        for _, group in free:
            now = self.groups[group][: most - len(taken)]
            if now:
                self.out[group] = set(now)
                taken += now
        for number in taken:
            self.deliveries[number] = self.deliveries.get(number, 0) + 1
        return taken

    def acknowledge(self, group: str, number: int) -> None:
        self.groups[group].remove(number)
        self.out[group].discard(number)
        if not self.out[group]:
            del self.out[group]

    def time_passes(self) -> None:
        for group, numbers in self.out.items():
            over = [number for number in sorted(numbers) if self.deliveries[number] >= MAX_DELIVERIES]
            self.dead += over
            self.groups[group] = [number for number in self.groups[group] if number not in over]
        self.out.clear()


def _let_time_pass(valkey: ValkeyServer, store: str) -> None:
    """End every lease, as the clock does it."""
    server = valkey.client()
    for leases in server.scan_iter(match=f"modelstore:queue:{store}:*:leases"):
        for group in server.zrange(leases, 0, -1):
            server.zadd(leases, {group: 0})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_queue_does_what_its_model_does(valkey: ValkeyServer, steps: list[tuple[str, str | int]]) -> None:
    store, model = f"store-{uuid.uuid4().hex[:12]}", Model()
    client = MessageQueueClient.from_environment(environ=valkey.environment("MODELSTORE_QUEUE", store=store))
    queue = client.create("jobs", visibility_seconds=3600, max_deliveries=MAX_DELIVERIES)
    held: list[Message] = []
    sent = 0
    for step, value in steps:
        if step == "send":
            sent += 1
            queue.send(str(sent).encode(), group=str(value))
            model.groups.setdefault(str(value), []).append(sent)
        elif step == "receive":
            received = queue.receive(max_messages=int(value))
            expected = model.receive(int(value))
            assert [int(message.body) for message in received] == expected
            assert [message.deliveries for message in received] == [model.deliveries[number] for number in expected]
            held += received
        elif step == "acknowledge" and held:
            message = held.pop(int(value) % len(held))
            number = int(message.body)
            current = number in model.out.get(message.group, ()) and message.deliveries == model.deliveries[number]
            waiting = number in model.groups[message.group] or number in model.dead
            try:
                queue.ack(message)
                assert current or not waiting
            except ReceiptExpired:
                assert waiting
                assert not current
            if current:
                model.acknowledge(message.group, number)
        elif step == "time passes":
            _let_time_pass(valkey, store)
            model.time_passes()
            # Leases are looked at when somebody receives.
            expected = model.receive(1)
            received = queue.receive()
            assert [int(message.body) for message in received] == expected
            held += received
        assert queue.length() == sum(map(len, model.groups.values()))
    assert queue.dead_letters.length() == len(model.dead)
    client.delete("jobs")
