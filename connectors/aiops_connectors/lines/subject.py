"""Subjects of messages about alerts: the state that they name, and what stays of them when it changes.

Tools put the state in brackets, between stars, before a colon, or at the end ("web-1 is DOWN"). Words elsewhere are the
alert's own: "Backup failed" names no state, "PROBLEM: Backup failed" does.
"""

from __future__ import annotations

import re

# A subject line is at most 998 characters (RFC 5322); people see the first hundred.
MAX_SUBJECT = 1_000
_FIRING = """problem down critical crit warning warn alert alerting alarm firing fired triggered trigger failed failing
failure error fault unreachable offline unhealthy degraded open opened new major minor disaster high unknown breached
emergency incident reminder started"""
_RESOLVED = """recovery recovered recover resolved resolve resolution ok okay up cleared clear closed normal online
healthy restored ended fixed solved passing operational"""
_ACKNOWLEDGED = "acknowledgement acknowledged ack acknowledge custom note"
_PAUSED = "downtimestart downtimeend downtimecancelled downtime maintenance flappingstart flappingstop flappingdisabled"
STATES = {
    **dict.fromkeys(_FIRING.split(), "firing"),
    **dict.fromkeys(_RESOLVED.split(), "resolved"),
    **dict.fromkeys(_ACKNOWLEDGED.split(), "acknowledged"),
    **dict.fromkeys(_PAUSED.split(), "paused"),
}
# Where a state may stand, in the order of certainty. Each expression is linear: runs of one class with bounds.
_REPLIES = re.compile(r"(?:(?:re|fw|fwd|aw|wg)\s{0,3}:\s{0,5})+", re.IGNORECASE)
_BRACKETS = re.compile(r"[\[({<][^\w\[\](){}<>]{0,6}([A-Za-z]{2,20})(?:[\s:#-]{1,3}[^\[\](){}<>]{0,40})?[\])}>]")
_STARS = re.compile(r"\*{1,5}\s{0,3}([A-Za-z]{2,20})\b(?:\s(?:Service|Host) Alert:)?")
_WORD_AND_COLON = (
    r"\b(?:(?:alert|alarm|incident|problem|issue|outage|monitor)\s{1,3})?([A-Za-z]{2,20})"
    r"(?:\s(?:service|host))?(?:\s(?:alert|alarm|event|notification|incident))?(?:\s(?:in|after)\s[\w .]{1,30})?"
    r"\s{0,3}(?::|-\s|–\s|\|)"
)
_LEAD = re.compile(r"\s{0,5}" + _WORD_AND_COLON, re.IGNORECASE)
# The same behind the name of a tool or a site in brackets: "[Shop monitoring] Triggered: Disk".
_SECOND = re.compile(r"(?<=\])\s{0,3}" + _WORD_AND_COLON, re.IGNORECASE)
_MIDDLE = re.compile(
    r"\b(?:is|host|service|monitor|state|status|(?:incident|problem|issue|alert)\s#?[\w-]{1,20})"
    r"\s{1,3}([A-Za-z]{2,20})\s{0,3}(?::|-\s)",
    re.IGNORECASE,
)
_END = re.compile(
    r"(?:\b(?:is|are|has|went|state|status|changed to|returned to|back|now|again|came\sback)"
    r"(?:\s(?:now|back|been|again|to))?\s{1,3}"
    r"|[-–|:>→]\s{1,3})"
    r"([A-Za-z]{2,20})(?:\s{1,3}(?:right now|now|again))?\s{0,3}[*!.]{0,5}\s{0,3}$",
    re.IGNORECASE,
)
# Subjects of tools whose two ends differ in more than the state: a reason, a measured value, the order of the words.
_PRTG = "up|down|warning|unusual|paused|unknown"
_NAME = r"(?P<name>[^\r\n]{1,200}?)"
_TOOLS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Uptime Kuma: "[Shop] [🔴 Down] timeout".
        r"\[(?P<name>[^\]]{1,200})\]\s\[[^\w\]]{0,6}(?P<state>up|down)\]",
        # PRTG: "[PRTG Network Monitor (HQ)] fw-1 Ping (Ping) Down ended (now: Up) (12 msec)".
        rf"\[[^\]]{{0,99}}\]\s{_NAME}\s(?:{_PRTG})\s(?:\w{{1,20}}\s)?\(now: (?P<state>{_PRTG})\)",
        rf"\[PRTG[^\]]{{0,99}}\]\s{_NAME}\s(?P<state>{_PRTG})(?=\s(?:\(|escalation|\d)|\s*$)",
        # Checkmk: "Checkmk: web-1/CPU load OK -> CRIT".
        rf"check_?mk:\s{_NAME}\s(?:ok|up|warn|crit|down|unkn|unknown|unreach|pend)\s->\s(?P<state>[a-z]{{2,10}})\b",
        # Netdata's agents: "web-1 is critical - disk space usage - disk_space./".
        r"(?P<name>[\w.-]{1,200})\s(?:is\s)?(?P<state>critical|recovered|needs attention)\b[^\r\n-]{0,40}"
        r"-\s(?P<more>[^\r\n=]{1,200})",
        # LibreNMS: "Alert for device sw-9 - Port down", and "Device sw-9 recovered from Port down".
        r"alert for device (?P<name>\S{1,200}) - (?P<more>[^\r\n]{1,200}?) got (?P<state>acknowledged)$",
        r"(?P<state>alert) for device (?P<name>\S{1,200}) - (?P<more>[^\r\n]{1,200}?)(?: got \w{1,20})?$",
        r"device (?P<name>\S{1,200}) (?P<state>recovered) from (?P<more>[^\r\n]{1,200})",
    )
)
_TOOL_STATES = {
    "crit": "firing",
    "warn": "firing",
    "unkn": "firing",
    "unreach": "firing",
    "pend": "paused",
    "unusual": "firing",
    "paused": "paused",
    "unknown": "paused",
    "needs attention": "firing",
}
# Words that state an end wherever a subject ends in them: "Disk full on db-1 resolved".
_SURE_END = re.compile(r"\s(resolved|recovered|cleared)\s{0,3}[*!.]{0,5}\s{0,3}$", re.IGNORECASE)
_PLACES = (_STARS, _BRACKETS, _LEAD, _SECOND, _MIDDLE, _END, _SURE_END)
# Pictures and other symbols that tools put in front of a subject.
_SYMBOLS = re.compile(r"[^\w\[\](){}<>*\"'/$%#.-]{1,16}")
# "not resolved", "no longer down": what stands behind these is not the state.
_NOT = re.compile(r"\b(?:not|never|no longer|cannot|partially)\s{1,3}(?:yet\s{1,3})?[A-Za-z]{2,20}\b", re.IGNORECASE)
# Measured values are no identity; numbers in names are.
_MEASURED = re.compile(
    r"\b\d{1,12}(?:[.,]\d{1,9})?\s?"
    r"(?:%|percent|ms|s|sec|seconds|min|minutes|h|hours|d|days|kb|mb|gb|tb|kib|mib|gib)(?!\w)",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[\s*\[\](){}<>|:;,!.–-]+")


def subject_state(text: str) -> str | None:
    """Return the state of a subject: firing, resolved, acknowledged, paused, or None for none.

    >>> [subject_state(text) for text in ("[RESOLVED] Disk", "PROBLEM: db-1", "web-1 is up", "Lunch")]
    ['resolved', 'firing', 'resolved', None]
    """
    known = _known(text)
    if known is not None:
        return known[0]
    text = _NOT.sub(" ", _begun(text))
    for place in _PLACES:
        for found in place.finditer(text):
            state = STATES.get(found[1].lower())
            if state is not None and (place is not _LEAD or found.start() == 0):
                return state
    return None


def subject_key(text: str) -> str | None:
    """Return what stays of a subject when its state and its measured values change, in lower case.

    >>> subject_key("** PROBLEM Service Alert: web-03/HTTPS is CRITICAL **")
    'web 03/https'
    >>> subject_key("RECOVERY: web-03/HTTPS is OK")
    'web 03/https'
    """
    known = _known(text)
    text = known[1] if known is not None else _begun(text)
    for place in _PLACES if known is None else ():
        text = place.sub(_without_state, text, count=0 if place is _BRACKETS else 1)
    text = _MEASURED.sub("#", text)
    return " ".join(_MARKS.sub(" ", text).lower().split()) or None


def subject_name(text: str) -> str | None:
    """Return a subject as a name: without replies, states and stars, in its own case."""
    return _name(text, (_STARS, _BRACKETS, _LEAD, _SECOND, _MIDDLE))


def subject_core(text: str) -> str | None:
    """Return a subject as a name that is the same when it fires and when it ends.

    >>> subject_core("web-1 is DOWN"), subject_core("web-1 is back up"), subject_core("Backup failed")
    ('web-1', 'web-1', 'Backup failed')
    """
    return _name(text, _PLACES) if subject_state(text) is not None else " ".join(text[:MAX_SUBJECT].split()) or None


def _name(text: str, places: tuple[re.Pattern[str], ...]) -> str | None:
    known = _known(text)
    if known is not None:
        return known[1]
    text = _begun(text)
    for place in places:
        text = place.sub(_without_state, text, count=0 if place is _BRACKETS else 1)
    return " ".join(text.replace("*", " ").split()).strip(" :-|") or None


def _known(text: str) -> tuple[str, str] | None:
    """Return the state and the name in a subject of a known tool, None of any other."""
    text = _REPLIES.sub("", text[:MAX_SUBJECT], count=1).strip()
    for tool in _TOOLS:
        found = tool.match(text)
        if found is not None:
            word = " ".join(found["state"].lower().split())
            state = _TOOL_STATES.get(word) or STATES.get(word)
            if state is not None:
                return state, " ".join(part.strip() for part in (found["name"], found.groupdict().get("more")) if part)
    return None


def _begun(text: str) -> str:
    """Return a subject without replies and symbols in front of it."""
    text = _REPLIES.sub("", text[:MAX_SUBJECT], count=1)
    symbols = _SYMBOLS.match(text)
    return text[symbols.end() :] if symbols is not None else text


def _without_state(found: re.Match[str]) -> str:
    return " " if found[1].lower() in STATES else found[0]
