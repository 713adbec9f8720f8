"""Sinks and queues of the configured endpoints."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.app.dispatcher import open_dispatcher, open_queues, open_sink
from aiops.config import EndpointConfig
from aiops.errors import UsageError
from aiops.store.store import Store

HOOK = EndpointConfig("hook", "webhook", {"url": "http://127.0.0.1:9/", "allow_private": True})


def test_a_queue_for_each_endpoint_in_their_order() -> None:
    other = EndpointConfig("other", "webhook", HOOK.options)
    assert [queue.name for queue in open_queues([HOOK, other])] == ["hook", "other"]
    assert open_queues([]) == []


def test_an_unknown_type_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"webhook.*got 'pigeon'"):
        open_sink(EndpointConfig("post", "pigeon"))


def test_wrong_options_name_the_endpoint() -> None:
    with pytest.raises(UsageError, match="hook"):
        open_sink(EndpointConfig("hook", "webhook", {"urll": "http://127.0.0.1:9/"}))


def test_the_dispatcher_has_the_queues_and_starts_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    dispatcher = open_dispatcher(store, [HOOK])
    assert list(dispatcher.endpoints()) == ["hook"]
    dispatcher.stop(1.0)
    store.close()
