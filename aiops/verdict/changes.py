"""The change before an incident, in words: "since deploy 8.14.6".

Only of a change that the ranking found against the cause, and the word "since" only of one before the first alert.
"""

from __future__ import annotations

import re

from aiops.records import Cause, Change, Incident
from aiops.wording import about, capital

# Labels that hold a version, the most exact first.
_LABELS = ("version", "tag", "image_tag", "release", "revision", "commit", "sha")
_VERSION = re.compile(r"\bv?[0-9]{1,8}(?:\.[0-9]{1,8}){1,3}\b")
MAX_WHAT, MAX_VERSION = 40, 24
# The beginning of a commit's hash that people write.
_HASH = re.compile(r"[0-9a-f]{20,64}")


def what_of(change: Change) -> str:
    """Return a change in two or three words.

    >>> what_of(Change(ts=0.0, entity="api", name="deploy", labels={"version": "8.14.6"}))
    'deploy 8.14.6'
    >>> what_of(Change(ts=0.0, entity="api", name="deploy 1.42")), what_of(Change(ts=0.0, entity="api", name="config"))
    ('deploy 1.42', 'config')
    >>> what_of(Change(ts=0.0, entity="api", name="sync Succeeded", labels={"kind": "deploy", "version": "v7"}))
    'deploy v7'
    """
    name = _short(change.name, MAX_WHAT)
    kind = _short(change.labels.get("kind", ""), MAX_WHAT)
    version = _version(change)
    if kind and kind not in name.lower():
        # A tool's own words, such as the state of a pipeline: the kind and the version are clearer.
        return f"{kind} {version}" if version else f"{kind} ({name})"
    return f"{name} {version}" if version and version not in name else name


def since(cause: Cause | None, incident: Incident) -> str:
    """Return "since deploy 8.14.6" or "during maintenance"; empty without a change before the first alert."""
    change = before_onset(cause, incident)
    if change is None:
        return ""
    return f"{'during' if _has(change, ('maintenance',)) else 'since'} {what_of(change)}"


def before_onset(cause: Cause | None, incident: Incident) -> Change | None:
    """Return the change against the cause, if it came before the first alert."""
    change = cause.change if cause is not None else None
    if change is None or incident.first_alert_at is None or change.ts > incident.first_alert_at:
        return None
    return change


def change_sentence(cause: Cause | None, incident: Incident) -> str:
    """Return the sentence about the change against the cause; empty without one."""
    change = cause.change if cause is not None else None
    if change is None or cause is None or incident.first_alert_at is None:
        return ""
    before_s = incident.first_alert_at - change.ts
    what = what_of(change)
    where = "" if change.entity == cause.entity else f" to {_short(change.entity, 60)}"
    verb = "went out" if _is_release(change) else "came"
    when = f"{about(before_s)} before" if before_s >= 0 else f"{about(-before_s)} after"
    return f"{capital(what)} {verb}{where} {when} the first alert."


def _is_release(change: Change) -> bool:
    return _has(change, ("deploy", "release", "rollout", "roll-out", "version"))


def _has(change: Change, words: tuple[str, ...]) -> bool:
    text = f"{change.name} {change.labels.get('kind', '')}".lower()
    return any(word in text for word in words)


def _version(change: Change) -> str:
    for label in _LABELS:
        value = change.labels.get(label)
        if value:
            return value[:8] if _HASH.fullmatch(value) else _short(value, MAX_VERSION)
    found = _VERSION.search((change.message or "")[:200])
    return found.group() if found else ""


def _short(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
