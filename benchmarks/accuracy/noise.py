"""Noise: what a model of people's marks does to the incidents that open, on every system with labelled background.

    python -m benchmarks.accuracy.noise [--systems PATTERN] [--marked SHARE] [--json FILE]

Protocol: an operator marks each incident an hour after it opened, noise or actionable by the truth. As soon as the gate
of the trainer allows, and after a third of the incidents at the earliest, a model is fitted and promoted; the rest of
the stream is replayed with it and without it. `lost` are faults that have an incident without the model and none with
it, `late` those whose first incident opened more than a minute later. The area is that of the score, and of the plain
count of alerts, over the incidents that open without a model after the promotion.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from aiops_models.noise import LEAST_EACH, LEAST_MARKS, fit
from msgspec import Struct, field, to_builtins

from aiops.app.engine import build_engine
from aiops.archive import Rejections, read, time_of
from aiops.backtest import Replay, driver, replay
from aiops.engine.config import CausesConfig, EngineConfig, IncidentConfig, PlaybooksConfig, SimilarConfig
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.engine.noise.logistic import Logistic, Numbers
from aiops.engine.noise.sight import NAMES, Sight
from aiops.errors import UsageError
from aiops.model_state import swap_action
from aiops.records import Action, Alert, Record
from aiops.simulate.options import Options
from aiops.simulate.simulation import simulate
from aiops.topology import Topology, load_topology
from benchmarks.data import data_folder
from benchmarks.page import write

# A week of 24 services with a fault every two hours.
HOURS, SERVICES, FAULTS, NOISE = 168.0, 24, 80, 6.0
MARKED_AFTER_S = 3_600.0
LATE_S = 60.0


class System(NamedTuple):
    """A stream: its file and topology below the data folder, or the seed of a simulated site."""

    name: str
    file: str = ""
    topology: str = ""
    seed: int = 0


SYSTEMS = (
    System("aiops22", "multisource-faults/aiops22/alerts.jsonl.gz", "multisource-faults/aiops22/topology.json"),
    *(
        System(f"{kind} {network}", f"ait-ads-a/{kind}.{network}.jsonl.gz")
        for kind in ("original", "more-noise-11")
        for network in ("val-0", "val-1")
    ),
    *(System(f"simulated site {seed}", seed=seed) for seed in (1, 2, 3)),
)


class Opened(Struct):
    """An incident as it opened: what was seen, and whether any labelled alert is in what became of it."""

    id: str
    at: float
    sight: Sight | None
    is_noise: bool = False


class Run(Struct):
    """One replay: incidents by their opening, and when each fault had its first incident."""

    opened: list[Opened]
    found: dict[str, float]


class Row(Struct):
    """The outcome of a system; counts are of what opened after the promotion."""

    system: str
    marks: int
    note: str = ""
    area: float | None = None
    count_area: float | None = None
    opened: int = 0
    opened_with: int = 0
    noise: int = 0
    noise_with: int = 0
    faults: int = 0
    lost: int = 0
    late: int = 0
    held: dict[str, int] = field(default_factory=dict)


def records_of(system: System, root: Path | None) -> tuple[list[Record], Topology] | None:
    """Return the records and the topology of a system; None where its data is absent."""
    if system.seed:
        made = simulate(Options(seed=system.seed, services=SERVICES, faults=FAULTS, noise=NOISE, hours=HOURS))
        return list(made.records), made.topology
    if root is None or not (root / system.file).exists():
        return None
    topology = load_topology(root / system.topology) if system.topology else Topology()
    return list(read([root / system.file], Rejections())), topology


def engine_of(topology: Topology, share: float) -> Engine:
    """Return an engine without rankers: nothing of them decides what opens."""
    config = EngineConfig(
        incidents=IncidentConfig(held_share=share),
        causes=CausesConfig(use=""),
        playbooks=PlaybooksConfig(use=""),
        similar=SimilarConfig(use=""),
    )
    return build_engine(config, topology)


def run(records: Iterator[Record] | Sequence[Record], engine: Engine) -> Run:
    """Replay records, and label what opened by what became of it."""
    opened: dict[str, Opened] = {}

    def watch(event: IncidentChanged) -> None:
        name = event.incident.id
        if event.change == "opened" and name not in opened:
            opened[name] = Opened(name, event.at, engine.noise.sights.get(name))

    # One record at a time: a model is fitted on what was processed by then.
    driver.BATCH = 1
    done = replay(records, engine, watch)
    labels = _labels(done)
    for one in opened.values():
        one.is_noise = not labels.get(_final(done, one.id))
    firsts: dict[str, float] = {}
    for one in opened.values():
        for fault in labels.get(_final(done, one.id), ()):
            firsts[fault] = min(firsts.get(fault, one.at), one.at)
    return Run(sorted(opened.values(), key=lambda one: (one.at, one.id)), firsts)


def _final(done: Replay, name: str) -> str:
    merged = done.ledger._merged_into
    while name in merged:
        name = merged[name]
    return name


def _labels(done: Replay) -> dict[str, dict[str, None]]:
    """Return the faults of each final incident."""
    found: dict[str, dict[str, None]] = {}
    for decision, label in zip(done.ledger.decisions(), done.truths.labels, strict=True):
        if decision.incident is not None and label is not None:
            found.setdefault(decision.incident, {})[label] = None
    return found


def marks_of(plain: Run, share: float) -> list[Action]:
    """Return the marks of an operator: of every incident, or of each second, fourth … one."""
    chosen = plain.opened[:: max(1, round(1 / share))]
    return [
        Action(
            ts=one.at + MARKED_AFTER_S,
            verb="mark",
            id=f"mark-{one.id}",
            incident=one.id,
            actor="operator",
            args={"as": "noise" if one.is_noise else "actionable"},
        )
        for one in chosen
    ]


def promoted_at(plain: Run, marks: Sequence[Action]) -> float | None:
    """Return when the trainer's gate opens, after a third of the incidents at the earliest; None if it never does."""
    counts = {"noise": 0, "actionable": 0}
    earliest = plain.opened[len(plain.opened) // 3].at if plain.opened else 0.0
    for number, mark in enumerate(marks, 1):
        counts[mark.args["as"]] += 1
        if number >= LEAST_MARKS + 5 and min(counts.values()) >= LEAST_EACH + 1 and mark.ts > earliest:
            return mark.ts + 1.0
    return None


class Promotion:
    """Feeds records with marks among them, and the fitted model at its time."""

    def __init__(self, at: float, marks: Sequence[Action], engine: Engine) -> None:
        self.at, self.engine = at, engine
        self._marks = [mark for mark in marks if mark.ts < at]
        self.numbers: Numbers | None = None
        self.problem = ""
        self.count = len(self._marks)

    def feed(self, records: Sequence[Record]) -> Iterator[Record]:
        """Yield the records of the stream, the marks and the swap, by time."""
        waiting = list(reversed(self._marks))
        is_due = True
        for record in records:
            at = time_of(record)
            while waiting and waiting[-1].ts <= at:
                yield waiting.pop()
            if is_due and at >= self.at:
                is_due = False
                yield from self._swap()
            yield record

    def _swap(self) -> Iterator[Record]:
        try:
            self.numbers = fit(self.engine.noise.lessons()).numbers
        except UsageError as error:
            self.problem = str(error)
            return
        yield swap_action("noise", "logistic", to_builtins(self.numbers), self.at)


def measure(system: System, root: Path | None, marked: float, share: float) -> Row | None:
    """Measure a system; None where its data is absent."""
    given = records_of(system, root)
    if given is None:
        return None
    records, topology = given
    plain = run(records, engine_of(topology, share))
    marks = marks_of(plain, marked)
    at = promoted_at(plain, marks)
    if at is None:
        few = min(sum(mark.args["as"] == label for mark in marks) for label in ("noise", "actionable"))
        return Row(system.name, len(marks), f"no model: {few} marks of the rarer kind")
    engine = engine_of(topology, share)
    promotion = Promotion(at, marks, engine)
    model = run(promotion.feed(records), engine)
    row = Row(system.name, promotion.count, promotion.problem)
    if promotion.numbers is not None:
        _compare(row, (plain, model), promotion, records)
        row.held = {name: n for name, n in engine.noise.counts.items() if n}
    return row


def _compare(row: Row, runs: tuple[Run, Run], promotion: Promotion, records: Sequence[Record]) -> None:
    plain, model = ([one for one in each.opened if one.at >= promotion.at] for each in runs)
    row.opened, row.opened_with = len(plain), len(model)
    row.noise, row.noise_with = (sum(one.is_noise for one in each) for each in (plain, model))
    begun = _begun(records)
    later = {name: at for name, at in runs[0].found.items() if begun.get(name, 0.0) >= promotion.at}
    row.faults = len(later)
    row.lost = sum(name not in runs[1].found for name in later)
    row.late = sum(runs[1].found.get(name, at) - at > LATE_S for name, at in later.items())
    assert promotion.numbers is not None
    scorer = Logistic(promotion.numbers)
    seen = [(one.is_noise, one.sight) for one in plain if one.sight is not None]
    row.area = area([(is_noise, scorer.score(sight)) for is_noise, sight in seen])
    row.count_area = area([(is_noise, -sight.values[NAMES.index("log_alerts")]) for is_noise, sight in seen])


def _begun(records: Sequence[Record]) -> dict[str, float]:
    """Return the first alert of each fault."""
    found: dict[str, float] = {}
    for record in records:
        if isinstance(record, Alert) and record.truth is not None and record.truth.incident is not None:
            found.setdefault(record.truth.incident, record.ts)
    return found


def area(scored: Sequence[tuple[bool, float]]) -> float | None:
    """Return the ROC area of scores of noise against the others; None where one kind is missing."""
    noise = [score for is_noise, score in scored if is_noise]
    others = [score for is_noise, score in scored if not is_noise]
    if not noise or not others:
        return None
    return sum((one > other) + 0.5 * (one == other) for one in noise for other in others) / (len(noise) * len(others))


HEAD = f"{'system':24} {'marks':>5}  {'area':>5} {'count':>5}  {'opened':>13}  {'noise opened':>13}  faults lost late"


def show(row: Row) -> str:
    """Return a line of the table."""
    if row.area is None and not row.opened:
        return f"{row.system:24} {row.marks:5}  {row.note}"
    areas = [f"{value:.3f}" if value is not None else "    –" for value in (row.area, row.count_area)]
    return (
        f"{row.system:24} {row.marks:5}  {areas[0]} {areas[1]}  {row.opened:5} → {row.opened_with:5}  "
        f"{row.noise:5} → {row.noise_with:5}  {row.faults:6} {row.lost:4} {row.late:4}  {row.note}"
    )


def main(arguments: Sequence[str], out: Callable[[str], None] = print) -> int:
    """Print the table; 0 also where data is absent."""
    command = argparse.ArgumentParser(
        prog="benchmarks.accuracy.noise", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_argument("--systems", default="*", metavar="PATTERN", help="systems whose name fits")
    command.add_argument(
        "--marked", type=float, default=1.0, metavar="SHARE", help="share of incidents that are marked"
    )
    command.add_argument("--share", type=float, default=0.5, help="incidents.held_share")
    command.add_argument("--json", type=Path, help="write the rows as JSON")
    options = command.parse_args(arguments)
    root, rows = data_folder(), []
    out(HEAD)
    for system in SYSTEMS:
        if fnmatchcase(system.name, options.systems):
            row = measure(system, root, options.marked, options.share)
            out(f"{system.name:24} skipped: not here" if row is None else show(row))
            rows += [row] if row is not None else []
    if options.json:
        write(options.json, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], lambda line: print(line, flush=True)))
