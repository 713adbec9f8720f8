"""The worker with its real threads, the signed webhook and a real receiver."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from pathlib import Path

import msgspec
import pytest
from aiops_connectors.webhook import WebhookSink

from aiops.app.dispatcher import open_dispatcher
from aiops.config import EndpointConfig
from aiops.errors import UsageError
from aiops.notify.dispatcher import Dispatcher
from aiops.notify.endpoint_queue import EndpointQueue
from aiops.records import Incident
from aiops.store.outbox import Entry
from aiops.store.store import Store
from aiops.testing.receiver import Receiver, Reply


def endpoint(receiver: Receiver, name: str = "hook", **more: object) -> EndpointConfig:
    options = {"url": f"{receiver.url}/{name}", "allow_private": True, "timeout_s": 5.0}
    config = {"name": name, "type": "webhook", "options": options, "rate_per_s": 10_000.0, "burst": 10_000, **more}
    return msgspec.convert(config, EndpointConfig)


def put(store: Store, incident: str, version: int, change: str, name: str = "hook") -> None:
    now = time.time()
    body = msgspec.json.encode(Incident(id=incident, severity="critical"))
    entry = Entry(endpoint=name, incident=incident, version=version, change=change, body=body, at=now, due_at=now)
    with store.database.transaction() as connection:
        store.outbox.add(connection, [entry], now)


def wait_until(done: object, deadline_s: float = 120.0) -> None:
    end = time.monotonic() + deadline_s
    while not done():  # type: ignore[operator]
        assert time.monotonic() < end, "the deadline is over"
        time.sleep(0.005)


def test_all_are_delivered_once_and_in_order_whatever_the_receiver_does(store: Store, receiver: Receiver) -> None:
    """Every third answer is a failure, now and then none comes at all."""
    replies = [Reply(200), Reply(200), Reply(503), Reply(200), Reply(200), Reply(cut="before")]
    receiver.replies = replies * 200 + [Reply(200)]
    worker = Dispatcher(store, [EndpointQueue(endpoint(receiver), _sink(receiver), 0.0)], random=lambda: 0.005)
    worker.start()
    try:
        for version, change in enumerate(("opened", "acknowledged", "resolved"), 1):
            for number in range(40):
                put(store, f"i-{number}", version, change)
            worker.wake()
        wait_until(lambda: store.outbox.counts().get(("hook", "sent")) == 120)
    finally:
        worker.stop(5.0)
    seen: dict[str, list[int]] = defaultdict(list)
    keys: dict[tuple[str, int], set[str]] = defaultdict(set)
    for request in receiver.requests:
        event = json.loads(request.body)
        seen[event["subject"]].append(event["data"]["version"])
        keys[(event["subject"], event["data"]["version"])].add(request.headers["webhook-id"])
    assert len(seen) == 40
    for versions in seen.values():
        assert versions == sorted(versions)
        assert set(versions) == {1, 2, 3}
    assert all(len(found) == 1 for found in keys.values())
    assert worker.health()["endpoints"]["hook"]["results"]["sent"] == 120


def _sink(receiver: Receiver) -> WebhookSink:
    return WebhookSink("hook", endpoint(receiver).options)


def test_a_slow_endpoint_holds_up_no_other(store: Store, receiver: Receiver) -> None:
    held = threading.Event()
    receiver.replies = [Reply(200, wait=held)] * 20
    from aiops.testing.receiver import receiving

    with receiving() as quick:
        queues = [
            EndpointQueue(endpoint(receiver, "slow"), WebhookSink("slow", endpoint(receiver, "slow").options), 0.0),
            EndpointQueue(endpoint(quick, "quick"), WebhookSink("quick", endpoint(quick, "quick").options), 0.0),
        ]
        worker = Dispatcher(store, queues)
        worker.start()
        try:
            for number in range(12):
                put(store, f"i-{number}", 1, "opened", "slow")
                put(store, f"i-{number}", 1, "opened", "quick")
            worker.wake()
            wait_until(lambda: store.outbox.counts().get(("quick", "sent")) == 12)
            assert store.outbox.counts()[("slow", "due")] == 12
        finally:
            held.set()
            worker.stop(5.0)


def test_stop_keeps_its_bound_and_the_attempt_is_made_again_with_its_key(store: Store, receiver: Receiver) -> None:
    held = threading.Event()
    receiver.replies = [Reply(200, wait=held), Reply(200)]
    sink = _sink(receiver)
    worker = Dispatcher(store, [EndpointQueue(endpoint(receiver), sink, 0.0)])
    put(store, "i-1", 1, "opened")
    worker.start()
    wait_until(lambda: receiver.requests)
    worker.stop(0.2)
    assert worker.queues["hook"].in_flight == 1, "the attempt is still under way: it was not waited for"
    store.outbox.release(list(store.outbox._in_flight))
    again = Dispatcher(store, [EndpointQueue(endpoint(receiver), _sink(receiver), 0.0)])
    again.start()
    wait_until(lambda: len(receiver.requests) == 2)
    held.set()
    again.stop(5.0)
    wait_until(lambda: worker.queues["hook"].in_flight == 0)
    sink.close()
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_assembly_opens_registered_sinks_and_names_what_does_not_fit(store: Store, receiver: Receiver) -> None:
    worker = open_dispatcher(store, [endpoint(receiver)])
    put(store, "i-1", 1, "opened")
    worker.start()
    wait_until(lambda: receiver.requests)
    worker.stop(5.0)
    with pytest.raises(UsageError, match="carrier-pigeon"):
        open_dispatcher(store, [EndpointConfig("x", "carrier-pigeon")])
    with pytest.raises(UsageError, match=r"endpoints\.x"):
        open_dispatcher(store, [EndpointConfig("x", "slack", {"url_env": "NOT_SET_ANYWHERE"})])


def test_delivery_keeps_pace_with_a_storm(store: Store, receiver: Receiver, tmp_path: Path) -> None:
    """300 messages with a durable answer each: a floor that a quadratic claim would fall through."""
    worker = Dispatcher(store, [EndpointQueue(endpoint(receiver), _sink(receiver), 0.0)])
    for number in range(300):
        put(store, f"i-{number}", 1, "opened")
    worker.start()
    try:
        # Within a second on a quiet machine.
        wait_until(lambda: store.outbox.counts().get(("hook", "sent")) == 300)
    finally:
        worker.stop(5.0)
