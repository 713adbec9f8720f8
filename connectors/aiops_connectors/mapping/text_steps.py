"""Steps of the mapping language on text: base64 decoded, the shape of a log line, lines to objects."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from typing import Any, Literal

from aiops_connectors.lines.line_protocol import line_protocol
from aiops_connectors.lines.snmptrapd import snmptrapd
from aiops_connectors.lines.subject import subject_core, subject_key, subject_name, subject_state
from aiops_connectors.lines.syslog import syslog

# Pub/Sub's largest message is 10 MB, a third more in base64; the sources' own bounds are below that.
MAX_ENCODED = 16 << 20
# What distinguishes log lines stands at their beginning; a stack trace follows.
MAX_SHAPE = 256
# The standard alphabet and the one for URLs (RFC 4648, sections 4 and 5).
_URL_SAFE = str.maketrans("-_", "+/")
# Addresses of memory, UUIDs, hashes and numbers: each alternative is a run of one class of characters with bounds.
_VARIABLE = re.compile(
    r"0[xX][0-9a-fA-F]{1,64}"
    r"|\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
    r"|\b[0-9a-fA-F]{12,64}\b"
    r"|[0-9][0-9.,:]{0,64}"
)
_ENDS = ".,:"
MARK = "#"
# 24 facilities of 8 severities.
MAX_PRI = 191

Step = Literal[
    "base64",
    "line_protocol",
    "pri_severity",
    "shape",
    "snmptrapd",
    "subject_core",
    "subject_key",
    "subject_name",
    "subject_state",
    "syslog",
]


def from_base64(text: str) -> str | None:
    """Return the text that base64 holds, padded or not, of either alphabet; None if it holds none.

    >>> from_base64("eyJhIjogMX0="), from_base64("eyJhIjogMX0"), from_base64("{}")
    ('{"a": 1}', '{"a": 1}', None)
    """
    if len(text) > MAX_ENCODED:
        return None
    plain = "".join(text.split()).translate(_URL_SAFE).rstrip("=")
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True).decode()
    except ValueError:
        # Not base64, or the bytes are no text: a compressed payload or Protobuf.
        return None


def shape(text: str) -> str | None:
    """Return the first line of a text with its numbers, hashes and addresses replaced by a mark.

    Two lines of one statement in a program have one shape. Cost: linear in at most `MAX_SHAPE` characters.

    >>> shape("timeout after 3000 ms for 7c3f4f8e-1111-4222-8333-944455556666")
    'timeout after # ms for #'
    >>> shape("worker 12: retry 3/5 at 10:04:05.123.")
    'worker #: retry #/# at #.'
    """
    line = text.strip().partition("\n")[0].strip()[:MAX_SHAPE]
    return _VARIABLE.sub(_mark, line) or None


def _mark(found: re.Match[str]) -> str:
    word = found[0]
    # Punctuation after a number is the sentence's.
    return MARK + word[len(word.rstrip(_ENDS)) :]


def pri_severity(text: str) -> str | None:
    """Return the severity, 0 to 7, of a syslog PRI, 0 to 191; None of other text (RFC 5424, 6.2.1).

    >>> pri_severity("27"), pri_severity("191"), pri_severity("192"), pri_severity("err")
    ('3', '7', None, None)
    """
    if not text.isascii() or not text.isdecimal() or len(text) > 3 or int(text) > MAX_PRI:
        return None
    return str(int(text) % 8)


STEPS: dict[Step, Callable[[str], Any]] = {
    "base64": from_base64,
    "line_protocol": line_protocol,
    "pri_severity": pri_severity,
    "shape": shape,
    "snmptrapd": snmptrapd,
    "subject_core": subject_core,
    "subject_key": subject_key,
    "subject_name": subject_name,
    "subject_state": subject_state,
    "syslog": syslog,
}

__all__ = ["MAX_ENCODED", "MAX_SHAPE", "STEPS", "Step", "from_base64", "pri_severity", "shape"]
