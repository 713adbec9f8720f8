"""Outages: expected streams that went silent together are one alert, which names what they share.

A trait is what streams can share: a label, their name, entity, service or source. Of the traits that enough silent
streams share, the one is chosen that separates them best from streams that still come: the largest ratio of silent
streams with the trait to all streams that are silent or have it (Jaccard). Labels, name and service that all of them
share are those of the alert, and a stream without them stays out: no silence and no route takes in what it does not
match.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Annotated

from aiops.engine.fields import SHARED, state
from aiops.engine.heartbeats.beat import FORGET_S, MAX_NAME, SOURCE, Beat, silent_name
from aiops.records import Alert, Severity
from aiops.records.severity import LEVELS
from aiops.wording import duration, listed, located, plural

# Streams that make an outage if no more streams with their trait still come: fewer can be read one by one.
FEW = 5
# A sender comes two or three times within what is expected: one that has not for half of it may be silent as well, and
# does not count as one that comes.
COMES = 0.5
# Streams that make an outage whatever share they are: one by one they would take longer than a person waits.
MANY = 20
# Streams that stop at one time are due over one interval of their senders, mostly 5 min; three of these.
TOGETHER_S = 900.0
# The text is brought up to date no more often: the members' own alerts end in between.
UPDATE_S = 60.0
# Traits of one stream that count, the first by name; the labels of one message are at most a few dozen.
MAX_TRAITS = 64
_SHOWN, _MAX_TEXT = 5, 200
# What a person looks for first, where several traits separate the silent streams equally well from the others.
_ORDER = ("entity", "service")
_LAST = ("alertname", "source", "")

# The alert name where the streams have different ones.
MIXED = "Expected streams are silent"

Trait = tuple[str, str]


@state(acyclic=True)
class Outage:
    """One outage: the trait, what all share, and the streams that are still silent, by key.

    `total` is how many had the trait when it began, `most` how many were silent at the same time. `joined_at` is the
    time of the last one that joined, `reported_at` that of the last alert, -1 while it is to be made.
    """

    key: str
    label: str
    value: str
    name: str
    service: str | None
    labels: Annotated[dict[str, str], SHARED]
    shared: list[str]
    severity: str
    total: int
    began_at: float
    joined_at: float
    members: dict[str, str]
    reported_at: float = -1.0
    most: int = 0
    is_changed: bool = True


class Outages:
    """The outages that are open, bounded by the number of streams."""

    def __init__(self) -> None:
        self._open: dict[str, Outage] = {}

    def __len__(self) -> int:
        return len(self._open)

    def join(self, beat: Beat, now: float) -> bool:
        """Add a stream that went silent to the outage that it belongs to; return False if there is none."""
        mine = dict.fromkeys(_traits(beat))
        for outage in self._open.values():
            if now - outage.joined_at <= TOGETHER_S and _belongs(beat, mine, outage):
                _add(outage, beat, now)
                return True
        return False

    def form(self, fresh: Sequence[Beat], alone: Sequence[Beat], beats: Collection[Beat], now: float) -> Outage | None:
        """Return a new outage of streams that are due (`fresh`) or went silent `alone` shortly before.

        None where they are few, or have too little in common; `beats` are all that are expected.
        """
        silent = [*fresh, *alone]
        if len(silent) < FEW:
            return None
        due = {beat.key for beat in fresh}
        for trait, total in _chosen(silent, beats, now):
            members = [beat for beat in silent if trait in _traits(beat)]
            made = _begun(trait, members, total, now)
            if made.key not in self._open and any(beat.key in due for beat in members):
                self._open[made.key] = made
                for beat in members:
                    _add(made, beat, now)
                return made
        return None

    def leave(self, beat: Beat) -> None:
        """Take a stream out that came again, or is expected no more."""
        outage = self._open.get(beat.outage)
        beat.outage = ""
        if outage is not None and outage.members.pop(beat.key, None) is not None:
            outage.is_changed = True

    def due(self, now: float) -> Alert | None:
        """Return the alert of an outage that ended or changed; at most one."""
        for outage in self._open.values():
            if not outage.members:
                del self._open[outage.key]
                return ended(outage, now)
            if outage.is_changed and now - outage.reported_at >= UPDATE_S:
                return report(outage, now)
        return None

    def set_back(self, now: float) -> None:
        """Count times ahead of `now` as `now`: engine time was set back."""
        for outage in self._open.values():
            outage.began_at, outage.joined_at = min(outage.began_at, now), min(outage.joined_at, now)
            outage.reported_at = min(outage.reported_at, now)

    def dump(self) -> list[Outage]:
        """State for a snapshot."""
        return list(self._open.values())

    def load(self, state: list[Outage]) -> None:
        """Take the state of a `dump`."""
        self._open = {outage.key: outage for outage in state}


def report(outage: Outage, at: float) -> Alert:
    """Return the alert of an outage at engine time `at`."""
    outage.reported_at, outage.is_changed = at, False
    count = len(outage.members)
    others = f" (they also share {listed(outage.shared, _SHOWN)})" if outage.shared else ""
    which = f"{count} of {plural(max(outage.total, outage.most), 'expected stream')} {_with(outage)}"
    again = f"; {outage.most - count} came again" if outage.most > count else ""
    names = listed(list(outage.members.values()), _SHOWN)
    text = f"nothing comes from {which}{others}, the first for {duration(at - outage.began_at)}{again}: {names}"
    return _alert(outage, at, text, outage.severity)


def ended(outage: Outage, at: float) -> Alert:
    """Return the end of an outage."""
    text = f"all {plural(outage.most, 'expected stream')} {_with(outage)} came again, or are expected no more"
    return _alert(outage, at, text, Severity.OK.label)


def _alert(outage: Outage, at: float, text: str, severity: str) -> Alert:
    is_end = severity == Severity.OK.label
    entity = outage.value or "heartbeats"
    return Alert(
        ts=at,
        name=outage.name,
        id=f"{outage.name}/{entity[:MAX_NAME]}@{at!r}#{'came' if is_end else 'outage'}",
        source=SOURCE,
        severity=severity,
        status="resolved" if is_end else "firing",
        service=outage.service,
        entity=entity,
        message=text,
        labels=outage.labels,
        starts_at=None if is_end else outage.began_at,
        ends_at=None if is_end else at + FORGET_S,
    )


def _with(outage: Outage) -> str:
    value = outage.value[:_MAX_TEXT]
    if outage.label == "alertname":
        return f"named {value}"
    if outage.label in ("entity", "service", "source"):
        return f"of the {outage.label} {value}"
    return f"with {outage.label[:_MAX_TEXT]}={value}" if outage.label else "that have nothing in common"


def _traits(beat: Beat) -> list[Trait]:
    found = sorted(beat.labels.items())[:MAX_TRAITS]
    found += [("alertname", beat.name), ("entity", beat.entity), ("source", beat.source), ("", "")]
    return [*found, ("service", beat.service)] if beat.service else found


def _chosen(silent: Sequence[Beat], beats: Iterable[Beat], now: float) -> Iterator[tuple[Trait, int]]:
    """Yield the traits that make an outage, and how many streams have each.

    The one that separates the silent streams best from those that still come is the first.
    """
    counts = Counter(trait for beat in silent for trait in _traits(beat))
    ours = {beat.key for beat in silent}
    coming: Counter[Trait] = Counter()
    late: Counter[Trait] = Counter()
    for beat in beats:
        if not beat.is_silent and beat.key not in ours:
            found = coming if now - beat.last_at <= COMES * beat.every_s else late
            found.update(trait for trait in _traits(beat) if trait in counts)
    ranked = []
    for trait, count in counts.items():
        if count >= MANY or (count >= FEW and count >= coming[trait]):
            ratio = count / (coming[trait] + len(silent))
            ranked.append((-ratio, -count, _place(trait[0]), trait))
    for *_, trait in sorted(ranked):
        yield trait, counts[trait] + coming[trait] + late[trait]


def _place(label: str) -> int:
    if label in _LAST:
        return len(_ORDER) + 1 + _LAST.index(label)
    return _ORDER.index(label) if label in _ORDER else len(_ORDER)


def _begun(trait: Trait, members: Sequence[Beat], total: int, now: float) -> Outage:
    first = members[0]
    labels = {key: text for key, text in first.labels.items() if all(one.labels.get(key) == text for one in members)}
    is_named = all(one.name == first.name for one in members)
    made = Outage()
    made.label, made.value = trait
    made.name = silent_name(first.name) if is_named else MIXED
    made.service = first.service if all(one.service == first.service for one in members) else None
    made.labels = labels
    made.shared = [f"{label}={text}"[:_MAX_TEXT] for label, text in sorted(labels.items()) if (label, text) != trait]
    identity = repr((made.name, *trait, made.service, sorted(labels.items())))
    made.key = blake2b(identity.encode(errors="backslashreplace"), digest_size=16).hexdigest()
    made.severity, made.total = Severity.WARNING.label, total
    made.began_at, made.joined_at, made.members = min(one.last_at for one in members), now, {}
    return made


def _belongs(beat: Beat, traits: dict[Trait, None], outage: Outage) -> bool:
    """Return True if a stream has the trait, and all that the alert states of its streams."""
    if (outage.label, outage.value) not in traits or outage.service not in (None, beat.service):
        return False
    if outage.name not in (silent_name(beat.name), MIXED):
        return False
    return all(beat.labels.get(label) == text for label, text in outage.labels.items())


def _add(outage: Outage, beat: Beat, now: float) -> None:
    """Add a member; the alert is as severe as the worst one, and high if many are silent."""
    beat.outage = outage.key
    outage.members[beat.key] = located(beat.name, beat.entity)[:_MAX_TEXT]
    outage.joined_at, outage.is_changed = now, True
    outage.most = max(outage.most, len(outage.members))
    worst = max((outage.severity, beat.severity), key=LEVELS.__getitem__)
    many = Severity.HIGH.label if outage.most >= MANY else worst
    outage.severity = max((worst, many), key=LEVELS.__getitem__)
