"""The shortest reason for a cause: `deploy 8.14.6, 24 s before`, or `KubeJobFailed only there`."""

from __future__ import annotations

import re

from aiops.records import Cause, Evidence, Incident
from aiops.verdict.changes import before_onset, what_of
from aiops.verdict.places import on
from aiops.wording import about

MAX_REASON = 80
# Evidence of the shipped ranker whose sentence is longer than a list has room for.
_SHORT = {
    "contrast": "unlike its siblings",
    "signs": "such alerts were the cause before",
    "likeness": "as in an incident before",
}
# The share of the weight at the beginning of its evidence, in per cent.
_SHARE = re.compile(r"([0-9]{1,3}) ?%")
_CALLERS = "errors of its callers lead here"
# Below this share, "errors of its callers" would promise more than was measured.
FEW = 33
_ALONG = " along the dependencies to "
# The reason of a rule stands before its subject.
_SUBJECT = ": "


def short_reason(incident: Incident, cause: Cause) -> str:
    """Return a few words on why a cause is one; empty if nothing was measured.

    >>> cause = Cause("api", evidence=[Evidence("contrast", 1.0, "HighLatency that 3 of 4 siblings do not show")])
    >>> short_reason(Incident(id="i"), cause)
    'unlike its siblings'
    """
    if incident.root_cause is not None and incident.root_cause.entity == cause.entity:
        return "confirmed"
    change = before_onset(cause, incident)
    if change is not None and incident.first_alert_at is not None:
        return _cut(f"{what_of(change)}, {about(incident.first_alert_at - change.ts)} before")
    strongest = max(cause.evidence, key=lambda one: (abs(one.value), one.name), default=None)
    return "" if strongest is None else _cut(_words(incident, cause, strongest))


def _words(incident: Incident, cause: Cause, evidence: Evidence) -> str:
    if evidence.name in ("internal", "symptom"):
        return _own_alert(incident, cause.entity) or evidence.text
    if evidence.name == "blame" and _ALONG not in evidence.text:
        return "slowness and errors are here"
    if evidence.name == "blame":
        return _led(evidence.text)
    return _SHORT.get(evidence.name) or evidence.text.partition(_SUBJECT)[0] or evidence.name


def _led(text: str) -> str:
    """Return how much leads to a cause along the dependencies, as a figure where it is little.

    >>> _led("6% of the weight of the errors leads along the dependencies to db")
    '6 % of the errors lead here'
    """
    found = _SHARE.match(text)
    share = int(found.group(1)) if found is not None else 100
    return f"{share} % of the errors lead here" if share < FEW else _CALLERS


def _own_alert(incident: Incident, entity: str) -> str:
    """Name the alert of the cause, and state that nothing else has it if all streams are known."""
    own = on(incident, entity)
    if not own:
        return ""
    name = own[0].name
    # Of an incident with more streams than the record shows, others may have it too.
    is_whole = incident.stream_count <= len(incident.members)
    is_alone = all(one.name != name or one in own for one in incident.members)
    return f"{name} only there" if is_whole and is_alone and len(incident.members) > len(own) else name


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_REASON else line[: MAX_REASON - 1] + "…"
