"""Ties between the alerts of an incident in plain words, the strongest first.

The engine's sentences are exact, with figures; a person who was woken reads "next to payments-sync · 1 s after
HTTPErrorRateHigh · often come together". Only evidence for the tie becomes words, and only what it states.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from aiops.durations import compact
from aiops.records import Evidence, Incident, Member
from aiops.wording import located

# As many as a reader compares; the page folds those that follow.
MAX_TIES = 100
_SAME, _AWAY, _FROM = (
    "at the same place in the dependency graph as ",
    "its place in the dependency graph is ",
    " from that of ",
)
_MOMENT, _FIRED, _AFTER = "fired at the same moment as ", "fired ", " s after "
_CLOSER = ", closer than its rhythm explains"
_OFTEN, _SAME_TYPE, _NEW = "often fires together with ", "the same type as on ", "neither this alert nor "
_ENTITY, _RARE = "the cluster has alerts on the same entity, ", "both alerts are rare"
_AT, _NEXT, _STEPS = "same place as ", "next to ", " steps from "
_RETURN, _AGO = "the same alert on the same workload came here ", " ago"


class Tie(Struct):
    """A stream and what ties it to the others.

    `words` are plain and at most four: what people taught, where, when, how often. They are empty for the stream that
    opened the incident (`opened`). `strength` is its strongest single figure in nats, `evidence` all of them.
    """

    fingerprint: str
    alert_id: str
    name: str
    entity: str
    words: list[str]
    strength: float = 0.0
    opened: bool = False
    evidence: list[Evidence] = []


def ties_of(incident: Incident) -> list[Tie]:
    """Return the ties of an incident's members; one that opened it is last.

    The strongest of each workload come first, then the rest: ten replicas of one deployment that fail together explain
    nothing of the others. For the same reason a tie to another alert goes before a return of the same one.
    """
    siblings = _siblings(incident)
    workloads = {member.fingerprint: member.workload or member.entity for member in incident.members}
    found = [_tie(member, siblings) for member in incident.members]
    found.sort(key=lambda one: (one.opened, _is_return(one), -one.strength, one.name, one.entity))
    first: dict[str, str] = {}
    for one in found:
        first.setdefault(workloads[one.fingerprint], one.fingerprint)
    leading = set(first.values())
    order = sorted(found, key=lambda one: (one.opened, one.fingerprint not in leading, -one.strength))
    return order[:MAX_TIES]


def _is_return(tie: Tie) -> bool:
    return any(one.name == "returns" for one in tie.evidence)


def _siblings(incident: Incident) -> dict[str, tuple[str, str]]:
    """Return (workload, kind of its replicas) of each entity whose workload alerts on several."""
    kinds = {one.workload: one.kind for one in incident.workloads if one.entities > 1}
    return {one.entity: (one.workload, kinds[one.workload]) for one in incident.members if one.workload in kinds}


def _tie(member: Member, siblings: dict[str, tuple[str, str]]) -> Tie:
    strength = max((one.value for one in member.evidence), default=0.0)
    words = [_own(word, member.entity, siblings) for word in plain_ties(member.evidence, member.entity)]
    named = (member.fingerprint, member.alert_id, member.name, member.entity)
    return Tie(*named, words, max(0.0, strength), not member.evidence, member.evidence)


def _own(word: str, entity: str, siblings: dict[str, tuple[str, str]]) -> str:
    """Return a word for a place as it is for this entity, which may be a replica beside it."""
    other = next((word.removeprefix(one) for one in (_AT, _NEXT) if word.startswith(one)), word.partition(_STEPS)[2])
    is_sibling = entity in siblings and siblings.get(other) == siblings[entity]
    return f"sibling {siblings[entity][1]}" if is_sibling else word


def plain_ties(evidence: list[Evidence], entity: str = "") -> list[str]:
    """Return evidence in plain words: where, when, how often; `entity` is the one that it is about.

    >>> near = Evidence("near", 1.2, "its place in the dependency graph is 1 hop from that of payments-sync")
    >>> timing = Evidence("timing", 2.0, "fired 1.2 s after Slow on web, closer than its rhythm explains")
    >>> plain_ties([timing, near, Evidence("co_occurrence", -0.2, "not known to fire together with Slow (NPMI 0.00)")])
    ['next to payments-sync', '1 s after Slow']
    """
    by_name = {one.name: one for one in evidence}
    found = []
    for name, word in _WORDS.items():
        one = by_name.get(name)
        # Time is stated whenever it was measured; the other terms only where they are for the tie.
        if one is not None and (one.value > 0 or name == "timing"):
            text = word(one.text)
            if text:
                found.append("same entity" if entity and text == _AT + entity else text)
    return found


def _near(text: str) -> str:
    if text.startswith(_SAME):
        return _AT + text.removeprefix(_SAME)
    away, _, other = text.removeprefix(_AWAY).partition(_FROM)
    number = away.partition(" ")[0]
    if not text.startswith(_AWAY) or not number.isdecimal():
        return ""
    return _NEXT + other if number == "1" else number + _STEPS + other


def _timing(text: str) -> str:
    if text.startswith(_MOMENT):
        return f"same moment as {_type(text.removeprefix(_MOMENT))}"
    length, _, other = text.removeprefix(_FIRED).partition(_AFTER)
    if not text.startswith(_FIRED) or not length.replace(".", "", 1).isdecimal():
        return ""
    seconds = float(length)
    after = "less than 1 s" if seconds < 1 else compact(round(seconds))
    return f"{after} after {_type(other)}"


def _type(text: str) -> str:
    """Return the alert's name of `located(name, entity)`; an entity that holds " on " stays with the name."""
    whole = text.removesuffix(_CLOSER)
    return whole.rpartition(" on ")[0] or whole


def _together(text: str) -> str:
    if text.startswith(_OFTEN):
        return "often come together"
    if text.startswith(_SAME_TYPE):
        return f"same alert as on {text.removeprefix(_SAME_TYPE)}"
    return "both are new here" if text.startswith(_NEW) else ""


def _same_entity(text: str) -> str:
    return "same entity" if text.startswith(_ENTITY) else ""


def _rare(text: str) -> str:
    return "both are rare" if text.startswith(_RARE) else ""


def _returns(text: str) -> str:
    ago = text.removeprefix(_RETURN).partition(_AGO)[0]
    for words, short in (("less than a second", "less than 1 s"), (" seconds", " s"), (" second", " s")):
        ago = ago.replace(words, short)
    return f"same alert on this workload {ago} before" if text.startswith(_RETURN) else ""


def _taught(text: str) -> str:
    return text.partition(", the latest of ")[0]


# Where, when, how often; the order in which they are read.
_WORDS: dict[str, Callable[[str], str]] = {
    "taught": _taught,
    "returns": _returns,
    "same_entity": _same_entity,
    "near": _near,
    "timing": _timing,
    "co_occurrence": _together,
    "rare": _rare,
}


def tie_text(tie: Tie) -> str:
    """Return a tie as one line."""
    return f"{located(tie.name, tie.entity)}: {' · '.join(tie.words) or 'opened this incident'}"
