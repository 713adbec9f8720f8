"""Syslog messages (RFC 5424, RFC 3164 and what devices make of it) as objects.

Fields of both formats: `priority`, `facility`, `severity`, `timestamp`, `hostname`, `appname`, `procid`, `msgid`,
`structured` (an object of objects) and `message`. What a message lacks is absent. A time without a zone, or without a
year, is in `local_time`: only the sender knows what it means.
"""

from __future__ import annotations

import re
from typing import Any

# RFC 5424 wants receivers to take 2,048 bytes and sets no limit; a longer message is an attachment.
MAX_MESSAGE = 64 << 10
MAX_LINES = 10_000
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"),
)
_PRIORITY = re.compile(r"<(\d{1,3})>")
_RFC5424 = re.compile(r"1 (\S{1,64}) (\S{1,255}) (\S{1,255}) (\S{1,128}) (\S{1,255}) ")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)")
_OLD_TIME = re.compile(r"[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [A-Z]{2,5})?")
# Cisco: a sequence number, a mark of the clock, then the time with its colon.
_CISCO_HEAD = re.compile(r"(?:\d{1,10}: )?(?:([A-Za-z0-9._-]{1,64}): )?[*.]?(?=[A-Z][a-z]{2} [ \d]\d )")
_TAG = re.compile(r"([^\s:\[\]]{1,64})(?:\[([^\]\s]{1,64})\])?:(?: |$)")
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,255}")
_MNEMONIC = re.compile(r"%([A-Z0-9_]{2,32}(?:-[A-Z0-9_]{2,32})?)-([0-7])-([A-Z0-9_]{2,64}): ?")
_COUNTED = re.compile(r"(\d{1,7}) (?=<\d{1,3}>)")
_NIL = "-"


def syslog(text: str) -> list[dict[str, Any]]:
    """Return the messages of a text: one a line, or each after its length (RFC 6587, octet counting).

    >>> [(m["hostname"], m["appname"], m["severity"]) for m in syslog("<34>Oct 11 22:14:15 web-1 su[7]: failed")]
    [('web-1', 'su', 'crit')]
    """
    parts = _counted(text) if _COUNTED.match(text) else text.splitlines()[:MAX_LINES]
    return [found for part in parts if (found := message(part))]


def message(line: str) -> dict[str, Any]:
    """Return one message as an object. Never raises: a line in no format is its `message`.

    >>> message("<165>1 2003-08-24T05:14:15-07:00 192.0.2.1 app 7 - - disk full")["timestamp"]
    '2003-08-24T05:14:15-07:00'
    """
    line = line[:MAX_MESSAGE].strip("\x00\r\n ")
    found: dict[str, Any] = {}
    head = _PRIORITY.match(line)
    if head is not None and int(head[1]) < 8 * len(FACILITIES):
        number = int(head[1])
        found = {"priority": number, "facility": FACILITIES[number >> 3], "severity": SEVERITIES[number & 7]}
        line = line[head.end() :]
    new = _RFC5424.match(line)
    rest = _new(line[new.end() :], new.groups(), found) if new is not None else _old(line, found)
    _put_text(rest, found)
    return found


def _new(rest: str, fields: tuple[Any, ...], found: dict[str, Any]) -> str:
    pairs = zip(("timestamp", "hostname", "appname", "procid", "msgid"), fields, strict=True)
    found.update({name: value for name, value in pairs if value != _NIL})
    structured, rest = _structured(rest)
    if structured:
        found["structured"] = structured
    return rest


def _structured(text: str) -> tuple[dict[str, dict[str, str]], str]:
    """Return the structured data at the beginning of a text, and what follows it."""
    if text.startswith(_NIL):
        return {}, text[1:].lstrip(" ")
    found: dict[str, dict[str, str]] = {}
    at = 0
    while text.startswith("[", at):
        element, at = _element(text, at + 1)
        name = element.pop("", "")
        if name:
            found[name] = element
    return found, text[at:].removeprefix(" ")


def _element(text: str, at: int) -> tuple[dict[str, str], int]:
    """Return one element, its name under the empty key, and the place after its bracket."""
    start = at
    while at < len(text) and text[at] not in ' ]"':
        at += 1
    found = {"": text[start:at]}
    while at < len(text) and text[at] == " ":
        start = at = at + 1
        while at < len(text) and text[at] not in ' ]"=':
            at += 1
        name = text[start:at]
        if not text.startswith('="', at):
            break
        found[name], at = _quoted(text, at + 2)
    while at < len(text) and text[at] != "]":
        at += 1
    return found, at + 1


def _quoted(text: str, at: int) -> tuple[str, int]:
    parts: list[str] = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text) and text[at + 1] in '"\\]':
            at += 1
        parts.append(text[at])
        at += 1
    return "".join(parts), at + 1


def _old(line: str, found: dict[str, Any]) -> str:
    """Read RFC 3164's time, host and tag as far as they are there."""
    skipped = _CISCO_HEAD.match(line)
    rest = line[skipped.end() :] if skipped is not None else line
    if skipped is not None and skipped[1]:
        found["hostname"] = skipped[1]
    is_dated = True
    if (time := _ISO.match(rest)) is not None:
        found["timestamp"] = time[0]
    elif (time := _OLD_TIME.match(rest)) is not None:
        found["local_time"] = time[0]
    else:
        is_dated, rest = False, line
    if time is not None:
        rest = rest[time.end() :].lstrip(": ")
    mnemonic = _MNEMONIC.search(rest[:400])
    if mnemonic is not None:
        return _cisco(rest, mnemonic, found)
    if is_dated and "hostname" not in found:
        rest = _host(rest, found)
    tag = _TAG.match(rest)
    if tag is None:
        return rest
    found["appname"] = tag[1]
    if tag[2]:
        found["procid"] = tag[2]
    return rest[tag.end() :]


def _host(rest: str, found: dict[str, Any]) -> str:
    """Take the host away; a word with a colon or a bracket is the tag already."""
    word, space, after = rest.partition(" ")
    if space and _HOST.fullmatch(word) and not word.endswith(":"):
        found["hostname"] = word
        return after.lstrip(" ")
    return rest


def _cisco(rest: str, mnemonic: re.Match[str], found: dict[str, Any]) -> str:
    """Read `%FACILITY-SEVERITY-MNEMONIC: text`, with a host before it where there is one."""
    word = rest[: mnemonic.start()].strip(" :")
    if word and _HOST.fullmatch(word):
        found["hostname"] = word
    found["appname"], found["msgid"] = mnemonic[1], f"{mnemonic[1]}-{mnemonic[2]}-{mnemonic[3]}"
    found.setdefault("severity", SEVERITIES[int(mnemonic[2])])
    return rest[mnemonic.end() :]


def _put_text(rest: str, found: dict[str, Any]) -> None:
    # RFC 5424 puts a byte order mark before UTF-8.
    text = rest.lstrip("\ufeff ").strip()
    if text:
        found["message"] = text


def _counted(text: str) -> list[str]:
    """Return the messages of a text in which each is preceded by its length in bytes."""
    raw = text.encode()
    found: list[str] = []
    while raw and len(found) < MAX_LINES:
        digits, space, rest = raw.partition(b" ")
        if not space or not digits.isdigit() or len(digits) > 7:
            # The count was wrong: what is left is a message of its own rather than lost.
            found.append(raw.decode("utf-8", "replace"))
            break
        found.append(rest[: int(digits)].decode("utf-8", "replace"))
        raw = rest[int(digits) :].lstrip(b"\r\n")
    return found
