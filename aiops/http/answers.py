"""From an HTTP answer to the next step of the outbox.

2xx: delivered. 408, 425, 429, 5xx and no answer: again later. 410: nobody lives there any more, the endpoint is
disabled. A temporary redirect (302, 303, 307) is a gateway's maintenance page and tried again; everything else is a
request that will never be taken, and waits for a person.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime

from aiops.http.client import HttpFailure, HttpReply
from aiops.http.redaction import excerpt, redact
from aiops.ports import Answer

# A receiver that wants a longer pause is mistaken or means harm: a page that is an hour late is late enough.
MAX_RETRY_AFTER_S = 3_600.0
_AGAIN = frozenset({408, 425, 429, 302, 303, 307})


def answer_of(reply: HttpReply, secrets: Sequence[str] = (), now: float | None = None) -> Answer:
    """Return the meaning of a reply.

    `secrets` are taken out of the reason, `now` (Unix seconds) is for dates in Retry-After.
    """
    status = reply.status
    if 200 <= status < 300:
        return Answer(ok=True, status=status)
    detail = excerpt(reply.body, secrets)
    if 300 <= status < 400:
        detail = "redirects are not followed: give the endpoint its present URL"
    return Answer(
        ok=False,
        retry=status in _AGAIN or status >= 500 or status < 200,
        status=status,
        reason=f"HTTP {status}: {detail}" if detail else f"HTTP {status}",
        retry_after_s=retry_after_s(reply.headers, time.time() if now is None else now),
        disable=status == 410,
    )


def answer_of_failure(failure: HttpFailure, secrets: Sequence[str] = ()) -> Answer:
    """Return the meaning of a request without an answer."""
    return Answer(ok=False, retry=failure.retry, reason=redact(str(failure), secrets))


def retry_after_s(headers: dict[str, str], now: float) -> float | None:
    """Return the seconds to wait by `Retry-After` (RFC 9110), 0 to one hour; None without one.

    >>> retry_after_s({"retry-after": "120"}, 0.0), retry_after_s({"retry-after": "soon"}, 0.0)
    (120.0, None)
    >>> retry_after_s({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, 10.0)
    50.0
    """
    # Opsgenie and Jira Service Management name the length of their period instead.
    text = (headers.get("retry-after") or headers.get("x-ratelimit-period-in-sec") or "").strip()
    if not text or len(text) > 64:
        return None
    try:
        wait_s = float(text) if text.replace(".", "", 1).isdecimal() else _seconds_until(text, now)
    except (ValueError, OverflowError, TypeError):
        return None
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)


def _seconds_until(date: str, now: float) -> float:
    found = parsedate_to_datetime(date)
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return found.timestamp() - now
