"""What a sender is told while the journal is slow: the truth about what was taken of its request."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from aiops.daemon.inbox import Inbox

ALERT = {"alerts": [{"labels": {"alertname": "Down", "host": "w1"}}]}
# A body that is decoded in a thread of its own, since it is long.
LONG = {"alerts": ALERT["alerts"] * 2_000}
DEADLINE_S = 120.0


@pytest.mark.parametrize("body", [ALERT, LONG])
def test_what_nobody_began_with_in_time_is_not_taken(serving: Any, body: Any) -> None:
    inbox = Inbox(100_000, time.monotonic)
    with serving(inbox=inbox, put_timeout_s=0.1) as http:
        http.post("/ingest/alertmanager", {"alerts": []})
        answer = http.post("/ingest/alertmanager", body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert inbox.take(100_000, 0.0) == []
    assert inbox.depth() == 0


@pytest.mark.parametrize("body", [ALERT, LONG])
@pytest.mark.parametrize("on_disk", [True, False])
def test_what_the_pump_began_with_is_waited_for(serving: Any, body: Any, on_disk: bool) -> None:
    inbox = Inbox(100_000, time.monotonic)
    with serving(inbox=inbox, put_timeout_s=0.1) as http:
        answers: list[int] = []
        sender = threading.Thread(
            target=lambda: answers.append(http.post("/ingest/alertmanager", body).status_code), daemon=True
        )
        sender.start()
        [pending] = inbox.take(100_000, DEADLINE_S)
        # Longer than the source would wait for somebody to begin.
        sender.join(0.3)
        assert answers == []
        pending.done.set_result(on_disk)
        sender.join(DEADLINE_S)
    assert answers == [200 if on_disk else 503]


def test_a_full_inbox_is_waited_for(serving: Any) -> None:
    inbox = Inbox(1, time.monotonic)
    with serving(inbox=inbox, put_timeout_s=DEADLINE_S) as http:
        answers: list[int] = []
        senders = [
            threading.Thread(
                target=lambda: answers.append(http.post("/ingest/alertmanager", ALERT).status_code), daemon=True
            )
            for _ in range(3)
        ]
        for sender in senders:
            sender.start()
        for _ in senders:
            [pending] = inbox.take(1, DEADLINE_S)
            pending.done.set_result(True)
        for sender in senders:
            sender.join(DEADLINE_S)
    assert answers == [200] * 3
