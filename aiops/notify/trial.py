"""A test message: whether an endpoint accepts what it would be sent, with no incident behind it.

It is an incident of the severity info that ends at once: a pager that opens something for it closes that again.
"""

from __future__ import annotations

import secrets

from aiops.ports import Answer, Message, Sink
from aiops.records import Incident, Member

NAME = "TestMessage"
# What a person reads first, whatever the tool.
TITLE = "Test message: nothing is wrong"


def messages(endpoint: str, actor: str, now: float, zone: str) -> list[Message]:
    """Return the opening and the end of a made-up incident."""
    name = f"test-{secrets.token_hex(6)}"
    member = Member(
        "test",
        NAME,
        "aiops",
        "info",
        "firing",
        1,
        now,
        now,
        message=f"{actor} tries whether the endpoint {endpoint} accepts messages. {TITLE}.",
    )
    incident = Incident(
        id=name,
        opened_at=now,
        first_alert_at=now,
        last_alert_at=now,
        status="open",
        severity="info",
        title=TITLE,
        message=member.message,
        alert_count=1,
        stream_count=1,
        entities=["aiops"],
        entity_count=1,
        members=[member],
    )
    over = Incident(
        id=name,
        opened_at=now,
        first_alert_at=now,
        last_alert_at=now,
        resolved_at=now,
        status="resolved",
        severity="info",
        title=TITLE,
        resolved_by=actor,
        alert_count=1,
        entities=["aiops"],
        entity_count=1,
        members=[member],
    )
    made = (("opened", incident, [TITLE]), ("resolved", over, list[str]()))
    return [
        Message(f"{name}/{number}", endpoint, one, change, number, now, news=news, zone=zone)
        for number, (change, one, news) in enumerate(made, 1)
    ]


def attempt(sink: Sink, wanted: list[Message]) -> Answer:
    """Send messages, one attempt each; return the first refusal, or the first answer."""
    first: Answer | None = None
    for message in wanted:
        if first is not None:
            message.reference = first.reference
        answer = sink.send(message)
        if not answer.ok:
            return answer
        first = first or answer
    assert first is not None
    return first
