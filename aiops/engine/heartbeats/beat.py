"""A beat: one stream that is expected to come, and the alert of its silence."""

from __future__ import annotations

from math import inf
from typing import Annotated

from aiops.engine.fields import SHARED, state
from aiops.records import Alert, Severity
from aiops.wording import duration, located

# The source of alerts that are made of silence.
SOURCE = "heartbeats"
# A sender that was silent for a week does not return; its alert ends by this lease, and it is forgotten. Below the
# longest lease that deduplication takes (7 d).
FORGET_S = 6.5 * 86_400.0
MAX_NAME = 1_000


@state(acyclic=True)
class Beat:
    """One stream that is expected: what it is, why, and when it came last.

    `rule` is the text of the expectation in the configuration, empty without one. `due_at` is the time of its one valid
    entry in the queue, infinity without one; `is_silent`: an alert is open since `silent_at`, its own or that of its
    `outage`.
    """

    key: str
    name: str
    entity: str
    service: str | None
    source: str
    labels: Annotated[dict[str, str], SHARED]
    rule: str
    every_s: float
    severity: str
    last_at: float
    due_at: float = inf
    is_silent: bool = False
    silent_at: float = -1.0
    outage: str = ""


def silent_name(name: str) -> str:
    """Return the name of the alert about a stream that went silent.

    >>> silent_name("Watchdog")
    'Watchdog is silent'
    """
    return f"{name[:MAX_NAME]} is silent"


def silence_of(beat: Beat, at: float, origin: str) -> Alert:
    """Return the alert of a silence at engine time `at`; `origin` is why the stream is expected."""
    text = f"nothing came for {duration(at - beat.last_at)}; expected every {duration(beat.every_s)} ({origin})"
    return _alert(beat, at, text, beat.severity)


def end_of(beat: Beat, at: float, ending: str) -> Alert:
    """Return the end of that alert; `ending` is why, as the stream came again."""
    return _alert(beat, at, f"{located(beat.name, beat.entity)} {ending}", Severity.OK.label)


def _alert(beat: Beat, at: float, text: str, severity: str) -> Alert:
    name = beat.name[:MAX_NAME]
    is_end = severity == Severity.OK.label
    return Alert(
        ts=at,
        name=silent_name(beat.name),
        id=f"{name}/{beat.entity[:MAX_NAME]}@{at!r}#{'came' if is_end else 'silent'}",
        source=SOURCE,
        severity=severity,
        status="resolved" if is_end else "firing",
        service=beat.service,
        entity=beat.entity,
        message=text,
        labels=beat.labels,
        starts_at=beat.last_at if not is_end else None,
        ends_at=None if is_end else at + FORGET_S,
    )
