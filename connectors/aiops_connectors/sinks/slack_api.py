"""Answers of Slack's Web API: status 200 with `ok` or `error`.

See https://docs.slack.dev/reference/methods/chat.postMessage.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Struct

from aiops.http.client import HttpReply
from aiops.ports import Answer

# Errors of Slack itself, or of a limit: another attempt can help.
_AGAIN = frozenset(
    {
        "accesslimited",
        "fatal_error",
        "internal_error",
        "message_limit_exceeded",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
# The channel or the app no longer exists.
_GONE = frozenset({"account_inactive", "is_archived", "token_revoked"})
# The message to edit was deleted, may not be edited any more, or is in a channel of before.
LOST = frozenset(
    {
        "cant_update_message",
        "channel_not_found",
        "edit_window_closed",
        "is_archived",
        "message_not_found",
        "not_in_channel",
        "thread_not_found",
    }
)
# Beginnings of answers whose message made them longer than what is read of an answer.
_OK = re.compile(r'"ok":\s{0,4}true')
_CHANNEL = re.compile(r'"channel":\s{0,4}"([A-Z0-9]{1,40})"')
_TS = re.compile(r'"ts":\s{0,4}"([0-9]{1,20}\.[0-9]{1,10})"')
_ERROR = re.compile(r"[a-z0-9_]{1,100}")


class SlackReply(Struct):
    """An answer of Slack: the place of the message if it was taken, else the error."""

    channel: str = ""
    ts: str = ""
    error: str = ""

    @property
    def reference(self) -> str:
        """Return the place of the message as one text; empty if Slack did not name it."""
        return f"{self.channel}:{self.ts}" if self.channel and self.ts else ""


def read_reply(reply: HttpReply) -> SlackReply:
    """Read an answer with status 200; an answer that is none of Slack's is the error `no_answer_of_slack`."""
    text = reply.body.decode("utf-8", "replace")
    try:
        found: Any = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        return _cut(text)
    if not isinstance(found, dict):
        return SlackReply(error="no_answer_of_slack")
    if found.get("ok") is not True:
        error = _text(found.get("error"))
        # Errors are words; any other text may quote the request.
        return SlackReply(error=error if _ERROR.fullmatch(error) else "no_answer_of_slack")
    return SlackReply(_text(found.get("channel")), _text(found.get("ts")))


def failure(error: str, method: str, retry_after_s: float | None = None) -> Answer:
    """Return the meaning of an error."""
    return Answer(
        ok=False,
        retry=error in _AGAIN,
        status=200,
        reason=f"Slack refused {method}: {error}",
        retry_after_s=retry_after_s,
        disable=error in _GONE,
    )


def place(reference: str) -> tuple[str, str]:
    """Return channel and timestamp of a reference; empty texts for none.

    >>> place("C024BE91L:1503435956.000247"), place("")
    (('C024BE91L', '1503435956.000247'), ('', ''))
    """
    channel, _, ts = reference.partition(":")
    return channel, ts


def _cut(text: str) -> SlackReply:
    beginning = text[:2_000]
    if not _OK.search(beginning):
        return SlackReply(error="no_answer_of_slack")
    channel, ts = _CHANNEL.search(beginning), _TS.search(beginning)
    return SlackReply(channel.group(1) if channel else "", ts.group(1) if ts else "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
