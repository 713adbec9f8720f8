"""News in words: what a message adds to the ones before."""

from __future__ import annotations

from aiops.ports import Message
from aiops_connectors.texts.truncation import line

MAX_NEWS = 300
# What `aiops.notify.news` puts before each sentence, and what people read.
_BEGINNINGS = {
    "severity: now ": "Now ",
    "suspected cause: ": "Likely cause: ",
    "new: ": "New: ",
    "worse: ": "Worse: ",
    "still firing: ": "Still firing: ",
}
_PARTS = {
    "severity: ": "severity",
    "suspected cause: ": "cause",
    "new: ": "alerts",
    "worse: ": "alerts",
    "still firing: ": "alerts",
    "and ": "alerts",
    "came back ": "returns",
}


def news(message: Message) -> list[str]:
    """Return the news for the endpoint as the outbox has it, the most important first."""
    return [line(one, MAX_NEWS) for one in message.news]


def plain_news(message: Message) -> list[str]:
    """Return the news as sentences for people.

    >>> from aiops.records import Incident
    >>> one = Message("k", "e", Incident(id="i"), "updated", 2, 0.0, news=["severity: now critical, was high"])
    >>> plain_news(one)
    ['Now critical, was high']
    """
    return [_plain(one) for one in news(message)]


def _plain(text: str) -> str:
    for beginning, words in _BEGINNINGS.items():
        if text.startswith(beginning):
            return words + text.removeprefix(beginning)
    return text[:1].upper() + text[1:]


def changed(message: Message) -> list[str]:
    """Return the parts of the incident that the news are about: alerts, severity, cause, returns or note."""
    return list(dict.fromkeys(_part(one) for one in message.news))


def _part(text: str) -> str:
    return next((part for beginning, part in _PARTS.items() if text.startswith(beginning)), "note")
