"""docs/delivery.md shows the webhook's body as the sink sends it, with every field and change that there is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from aiops_connectors.webhook import WebhookSink

from aiops.engine.events import IncidentChange, IncidentChanged, Mention
from aiops.notify.news import news_of
from aiops.notify.outcomes import REMINDER
from aiops.ports import Message
from aiops.records import Cause, Evidence, Incident, Severity, Suggestion
from aiops.store.outbox import RETURNED, NamedAlerts, NotificationHistory, row_key

Tables = Callable[[str], list[Any]]
ID = "inc-5a1f0c9d2e7b"
LINK = f"https://aiops.example.org/incidents/{ID}"
AT = 1_772_438_400.0


def body(message: Message) -> dict[str, Any]:
    sink = WebhookSink("hook", {"url": "https://hook.example.org/aiops"})
    try:
        found: dict[str, Any] = json.loads(json.dumps(sink.event(message)))
        return found
    finally:
        sink.close()


def incident(**more: Any) -> Incident:
    return Incident(
        id=ID,
        opened_at=AT - 60,
        status="open",
        severity="critical",
        title="CartSlow on cart-1 and 1 more entity",
        alert_count=2,
        entities=["cart-1", "db-1"],
        entity_count=2,
        services=["cart", "db"],
        stream_count=2,
        causes=[Cause("db-1", 2.5, confidence="high", evidence=[Evidence("internal", 2.5, "DiskFull on db-1")])],
        playbooks=[Suggestion("disk-full-rotate-logs", 3.1, target="db-1")],
        **more,
    )


def message(change: str = "updated", **more: Any) -> Message:
    return Message("msg_f1b2c3d4e5f60718293a4b5c6d7e8f90", "hook", incident(**more), change, 3, AT, LINK)


def test_the_example_is_what_the_sink_sends(root: Path) -> None:
    page = (root / "docs" / "delivery.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```json\n(\{.*?\n\})\n```", page, re.DOTALL)
    told = NotificationHistory(
        1,
        severity=Severity.HIGH,
        cause="db-1",
        named=NamedAlerts({"CartSlow": 3}, {"cart": 3}, {"CartSlow": {"cart": 3}}),
    )
    named = [Mention("CartSlow", "cart", Severity.CRITICAL)]
    news = news_of(IncidentChanged(0, AT, "updated", incident(), 3, [], named), told, 0)
    assert news is not None
    sent = message()
    sent.news = news.lines
    assert json.loads(shown) == body(sent)


def test_every_field_and_every_change_is_described(tables: Tables) -> None:
    sent = message(alerts=[f"alert-{number:06}" for number in range(5_000)])
    sent.news, sent.repeats = ["severity: now critical, was high"], 2
    found = body(sent)
    ended = body(message("resolved"))
    data = {**found["data"], **ended["data"]}
    fields = {*(name for name in found if name != "data"), *(f"data.{name}" for name in data)}
    plain = {"specversion", "source", "datacontenttype"}
    by_head = {table.header[0].strip("`"): table for table in tables("delivery.md")}
    described = {name.strip("`") for row in by_head["field"].rows for name in row[0].split(", ")}
    assert described == fields - plain
    changes = {row[0].strip("`") for row in by_head["data.change"].rows}
    assert changes == {*get_args(IncidentChange), REMINDER, RETURNED}


def test_the_key_has_the_form_that_the_page_shows() -> None:
    assert re.fullmatch(r"msg_[0-9a-f]{32}", row_key("hook", ID, 3))
