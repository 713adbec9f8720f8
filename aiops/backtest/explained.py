"""The explanation of one alert: what happened to it, by which terms, and what else was compared."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from aiops.records import Evidence
from aiops.wording import duration, plural

# `joined` and `opened`: a cluster, after a comparison. `cut`: it fitted a cluster, which was ended. `returned`: to the
# incident that its stream left a short while ago. `grouped`: in an incident of a storm. `flood`: it followed its stream
# without a comparison. `habit`: its stream is background by habit. `repeat`: of an alert that fires already.
Outcome = Literal[
    "joined",
    "opened",
    "cut",
    "returned",
    "grouped",
    "flood",
    "habit",
    "repeat",
    "duplicate",
    "suppressed",
    "resolved",
    "orphan",
    "rejected",
]


class Compared(Struct):
    """A cluster and the terms of joining it, which sum to `score`.

    `incident` is the one that the cluster belongs to after the decision. `was_compared` is false if the terms were
    worked out for the explanation only.
    """

    cluster: str
    incident: str | None
    title: str
    score: float
    evidence: list[Evidence]
    silent_s: float
    was_compared: bool = True

    @property
    def label(self) -> str:
        """The incident's id and title, or the cluster's number."""
        return f"{self.incident or self.cluster} ({self.title})"


class Against(Struct):
    """The answer to "why not in this incident"; `compared` has the terms where its cluster was open."""

    incident: str
    text: str
    compared: Compared | None = None


class Explanation(Struct):
    """The fate of one alert on arrival.

    `record` is its number in the log, `messages` how many messages match the question, of which this is the one that
    decided most recently where the stream is. `text` is the decision in a sentence, `chosen` the cluster that it is in
    with the terms, if it was compared; `joined_at` is set where those are of an earlier message of the stream.
    `later` is the incident that its cluster became within some minutes.
    """

    alert: str
    name: str
    entity: str
    service: str | None
    fingerprint: str
    at: float
    record: int
    outcome: Outcome
    disposition: str
    cluster: str
    incident: str | None = None
    reason: str | None = None
    text: str = ""
    threshold: float | None = None
    chosen: Compared | None = None
    joined_at: float | None = None
    others: list[Compared] = field(default_factory=list)
    against: Against | None = None
    later: str | None = None
    messages: int = 1
    notes: list[str] = field(default_factory=list)


def surge_text(recent: float, usual: float) -> str:
    """Return why a surge begins something new."""
    return (
        f"{plural(round(recent), 'alert')} came within about ten seconds, and its own pace is {usual:.1f}, "
        "so something new begins"
    )


def age_text(age_s: float, rate: float) -> str:
    """Return why something new was to be expected; `rate` is that of new things (1/s)."""
    return f"it has lasted {duration(age_s)}, and a new problem begins here about every {duration(1.0 / rate)}"


def sentence(one: Explanation, cut: str = "") -> str:
    """Return the decision in words; `cut` is why the cluster that the alert fits was ended."""
    where = one.incident or f"cluster {one.cluster}"
    reason = f" Reason: {one.reason}." if one.reason and one.outcome in _REASONED else ""
    if one.outcome == "joined" and one.chosen is not None:
        return f"It joined {where}: {_score(one.chosen.score, one.threshold)}.{_waits(one)}"
    if one.outcome == "cut" and one.others:
        best = one.others[0]
        fits = f"It fits {best.label}: {_score(best.score, one.threshold)}."
        return f"It opened {where}. {fits} That one is ended, though: {cut}.{_waits(one)}"
    if one.outcome == "opened":
        return f"It opened {where}: {_none_fits(one)}.{_waits(one)}"
    return f"{_PLAIN[one.outcome]} {where}.{reason}"


_PLAIN: dict[str, str] = {
    "joined": "It joined",
    "cut": "It opened",
    "returned": "Its stream had fired there until a short while before. It returned to",
    "grouped": "During a storm it was grouped in",
    "flood": "Its stream floods, and is compared once a second at most. This alert followed the last one into",
    "habit": "Its stream is background by habit and has a cluster of its own,",
    "repeat": "It repeats an alert that fires already, and stays in",
    "duplicate": "It is a duplicate of an alert in",
    "suppressed": "It was suppressed, in",
    "resolved": "It ended its stream's episode in",
    "orphan": "It ended nothing: its stream did not fire. It has a cluster of its own,",
    "rejected": "The engine could not process it. It has a cluster of its own,",
}


# Outcomes whose reason adds something to the sentence.
_REASONED = ("habit", "duplicate", "suppressed", "orphan", "rejected")


def _waits(one: Explanation) -> str:
    """Return why the cluster was no incident at that moment; nothing for one that was."""
    return f" No incident at that moment: {one.reason}." if one.incident is None and one.reason else ""


def _score(score: float, threshold: float | None) -> str:
    return f"its score is {score:+.2f}, and more than {threshold or 0.0:.2f} nats are needed"


def _none_fits(one: Explanation) -> str:
    compared = [each for each in one.others if each.was_compared]
    if not compared:
        return "no other cluster was active then"
    which = plural(len(compared), "cluster was", "clusters were")
    return f"{which} compared, and none fits. For the best {_score(compared[0].score, one.threshold)}"


def not_compared(one: Compared) -> str:
    """Return why an open cluster was not compared."""
    return (
        f"It was not compared: its last alert had come {duration(one.silent_s)} before, and only clusters that were "
        "active more recently, or that know the entity or the stream, are compared."
    )
