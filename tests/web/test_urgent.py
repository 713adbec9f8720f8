"""Engaging a kill switch waits for no other request of the API."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aiops.errors import UsageError
from tests.web.conftest import Site

# More than the threads that answer ordinary requests (anyio has 40).
MANY = 60


def test_a_switch_is_moved_while_all_other_requests_hang(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    held, waiting = threading.Event(), threading.Semaphore(0)

    def hang(incident: str, playbook: str) -> Any:
        waiting.release()
        assert held.wait(60)
        raise UsageError("it hung")

    monkeypatch.setattr(site.host.runs, "plan", hang)

    def ask(number: int) -> int:
        path = f"/api/v1/incidents/{site.incident}/plan"
        return site.client.get(path, params={"playbook": f"number-{number}"}).status_code

    with ThreadPoolExecutor(MANY) as pool:
        asked = [pool.submit(ask, number) for number in range(MANY)]
        for _ in range(40):
            assert waiting.acquire(timeout=60)
        moved = site.client.post("/api/v1/switches", json={"scope": "global", "engaged": True})
        assert moved.status_code == 200
        held.set()
        assert {one.result() for one in asked} == {409}
