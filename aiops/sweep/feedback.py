"""Truth from people: alerts of an incident that were confirmed to belong together, or not to.

`aiops incidents confirm` records it in the journal. A judgement is about the incident as it was then; it holds for
every other setting as pairs: confirmed alerts belong together, and a wrong one with none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import comb

from msgspec import Struct, field

from aiops.engine.events import IncidentChanged
from aiops.records import Action, Incident, Logged
from aiops.sweep.blocks import Blocks, PairCounts


class Judgement(Struct):
    """One confirmation: streams that belong together and streams that do not, by their first alerts' ids."""

    at: float
    right: list[str]
    wrong: list[str]


class Judged(Struct):
    """A judgement with the alerts' places in the input."""

    at: float
    right: list[int]
    wrong: list[int]


class FeedbackReader(Struct):
    """Collects the judgements of a replay: `noting` passes its records on, `watch` receives its changes."""

    judgements: list[Judgement] = field(default_factory=list)
    # Confirmations and splits by the number of their record, until the engine has applied them.
    waiting: dict[int, Action] = field(default_factory=dict)
    # The incidents that splits made, in the same way.
    parts: dict[int, Incident] = field(default_factory=dict)

    def noting(self, records: Iterable[Logged]) -> Iterator[Logged]:
        """Yield the records."""
        for number, record in enumerate(records):
            if type(record) is Action and record.verb in ("confirm_grouping", "split"):
                self.waiting[number] = record
            yield record

    def watch(self, event: IncidentChanged) -> None:
        """Keep the judgement that an applied confirmation is."""
        if event.change == "opened" and event.by_person and event.seq in self.waiting:
            self.parts[event.seq] = event.incident
        action = self.waiting.pop(event.seq, None) if "grouping" in event.what else None
        if action is not None and action.verb == "split":
            part = self.parts.pop(event.seq, None)
            wrong = [member.alert_id for member in part.members] if part is not None else []
            self.judgements.append(Judgement(action.ts, [one.alert_id for one in event.incident.members], wrong))
        elif action is not None:
            self.judgements.append(_judgement(action, event.incident))


def _judgement(action: Action, incident: Incident) -> Judgement:
    """Read a confirmation; without a list of right ones it is about all members that are not wrong."""
    alerts = {name: member.alert_id for member in incident.members for name in (member.alert_id, member.fingerprint)}
    right, wrong = (_named(action.args.get(name, ""), alerts) for name in ("alerts", "wrong"))
    if not right:
        right = [name for name in dict.fromkeys(alerts.values()) if name not in wrong]
    return Judgement(action.ts, right, wrong)


def _named(text: str, alerts: Mapping[str, str]) -> list[str]:
    """Return the first alerts of streams that are named by alert or fingerprint; others stay as named."""
    return list(dict.fromkeys(alerts.get(name, name) for name in text.split(",") if name))


def located(judgements: Sequence[Judgement], ids: Sequence[str]) -> list[Judged]:
    """Return the judgements by the places of their alerts in the input; alerts outside it are left out."""
    wanted = {name for one in judgements for name in (*one.right, *one.wrong)}
    places: dict[str, int] = {}
    for place, name in enumerate(ids):
        if name in wanted:
            places.setdefault(name, place)
    return [
        Judged(
            one.at,
            [places[name] for name in one.right if name in places],
            [places[name] for name in one.wrong if name in places],
        )
        for one in judgements
    ]


def judged_pairs(judgements: Sequence[Judged], clusters: Sequence[int], blocks: Blocks) -> PairCounts:
    """Score final clusters against the judgements, by the block of each."""
    counts = PairCounts(*([0.0] * blocks.count for _ in range(3)))
    for one in judgements:
        block = blocks.of(one.at)
        sizes: dict[int, int] = {}
        for place in one.right:
            sizes[clusters[place]] = sizes.get(clusters[place], 0) + 1
        both = sum(comb(size, 2) for size in sizes.values())
        counts.both[block] += both
        counts.found[block] += both + sum(sizes.get(clusters[place], 0) for place in one.wrong)
        counts.actual[block] += comb(len(one.right), 2)
    return counts
