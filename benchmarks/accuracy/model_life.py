"""The life of a model as a session: train, drift, promotion refused, then accepted, roll back.

    python -m benchmarks.accuracy.model_life
    python -m benchmarks.accuracy.model_life --days 10 --faults 40

Two sites are simulated one after the other: at the change, services are replaced by others, and alert rules by
renamed ones. An operator confirms the cause of each incident that holds a fault. The commands are those of `aiops
models`; the engine takes the records that they write, and its state after the rollback is compared with the
version's, byte by byte.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from typer.testing import CliRunner

from aiops.app.engine import build_engine
from aiops.archive import time_of, write
from aiops.backtest import replay
from aiops.backtest.truth import matched_incidents
from aiops.cli.models import models_app
from aiops.config import Config
from aiops.engine.engine import Engine
from aiops.engine.events import Feedback, Notice
from aiops.lifecycle import Registry
from aiops.model_state import Given, action_of, canonical, digest_of, given
from aiops.records import Action, Alert, Incident, Record
from aiops.simulate.options import START_S, Options
from aiops.simulate.simulation import Simulation, simulate
from aiops.topology import Topology

DAY_S = 86_400.0
# A person confirms a cause some hours after the incident began.
CONFIRMED_AFTER_S = 4 * 3600.0
NOISE, SERVICES = 0.5, 12


class Month(Struct):
    """Both sites in order of time, without labels; `change_at` is when the second one replaces the first."""

    records: list[Record]
    topology: Topology
    change_at: float
    end: float
    confirmed: int


def month_of(days: float, faults: int) -> Month:
    """Simulate two sites of `days` each, with `faults` each, and the operator."""
    first = _site(1, START_S, days, faults)
    change_at = START_S + days * DAY_S
    second = _site(2, change_at, days, faults)
    topology = Topology.build(
        {**first.topology.nodes, **second.topology.nodes}.values(), [*first.topology.edges, *second.topology.edges]
    )
    labelled: list[Record] = [*_named(first, "a"), *_named(second, "b")]
    actions = _confirmed(sorted(labelled, key=time_of), topology)
    bare: list[Record] = [one for one in labelled if not isinstance(one, Incident)]
    for one in bare:
        if isinstance(one, Alert):
            one.truth = None
    merged: list[Record] = [*bare, *actions]
    records = sorted(merged, key=time_of)
    return Month(records, topology, change_at, change_at + days * DAY_S, len(actions))


def _site(seed: int, start: float, days: float, faults: int) -> Simulation:
    options = Options(seed=seed, services=SERVICES, faults=faults, noise=NOISE, hours=days * 24, start=start)
    return simulate(options)


def _named(site: Simulation, prefix: str) -> Iterator[Record]:
    """Yield the records of a site with labels of its own: both sites number their faults from 1."""
    for number, record in enumerate(site.records):
        record.id = f"{prefix}-{number}"
        if isinstance(record, Alert) and prefix == "b":
            record.name = f"{record.name} v2"
        if isinstance(record, Alert) and record.truth is not None and record.truth.incident is not None:
            record.truth.incident = f"{prefix}-{record.truth.incident.removeprefix(f'{prefix}-')}"
        yield record
    for incident in site.incidents:
        incident.id = f"{prefix}-{incident.id}"
        yield incident


def _confirmed(records: list[Record], topology: Topology) -> list[Action]:
    """Return what the operator does: the engine is asked which incident each fault became."""
    done = replay(iter(records), build_engine(Config(), topology))
    found: dict[str, Action] = {}
    for label, incident in matched_incidents(done).items():
        root = done.truths.incidents[label].root_cause
        at = (incident.first_alert_at or 0.0) + CONFIRMED_AFTER_S
        if root is not None and incident.id not in found:
            found[incident.id] = Action(
                ts=at, verb="confirm_cause", id=f"c-{label}", actor="operator", incident=incident.id, entity=root.entity
            )
    return list(found.values())


class Session:
    """The commands of a session in a directory, each printed with its output."""

    def __init__(self, directory: Path, month: Month) -> None:
        self._directory, self._month = directory, month
        self.models, self.archive, self.swap = (directory / name for name in ("models", "month.jsonl.gz", "swap.jsonl"))
        self.topology = directory / "topology.json"
        write(self.archive, month.records)
        plain = {"nodes": list(month.topology.nodes.values()), "edges": month.topology.edges}
        self.topology.write_bytes(msgspec.json.encode(plain))

    def run(self, *arguments: str) -> str:
        """Run a command of `aiops models`; return its output, or the reason of its refusal."""
        done = CliRunner().invoke(models_app, [*arguments, "--dir", str(self.models), "--state", str(self._directory)])
        text = done.output if done.exit_code == 0 else f"refused: {done.exception}\n"
        print(f"$ aiops models {' '.join(arguments)}\n{text}", end="", flush=True)
        return text

    def train(self, until: float) -> str:
        """Train the ranker on what came before a time; return the version's id."""
        self.run(*self._train(until))
        return Registry(self.models).versions("causes")[-1].id

    def _train(self, until: float) -> list[str]:
        shown = msgspec.json.decode(msgspec.json.encode(_date(until)))
        options = ["--topology", str(self.topology), "--until", shown]
        return ["train", "--slot", "causes", "--from", str(self.archive), *options]

    def promote(self, id: str, *more: str) -> str:
        """Promote a version by a record in a file."""
        return self.run("promote", id, "--out", str(self.swap), *more)

    def roll_back(self) -> str:
        """Roll back by a record in a file."""
        return self.run("rollback", "--slot", "causes", "--out", str(self.swap))

    def action(self) -> Action:
        """Return the record of the last promotion or rollback."""
        return msgspec.json.decode(self.swap.read_bytes(), type=Action)


def _date(at: float) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC)


def alarms(month: Month) -> list[tuple[float, str]]:
    """Return the alarms of drift in a replay of everything: hours after the change, and the text."""
    engine = build_engine(Config(), month.topology)
    found = []
    for place in range(0, len(month.records), 200):
        for event in engine.step(month.records[place : place + 200]):
            if isinstance(event, Notice) and event.topic == "drift":
                found.append(((engine.timeline.now - month.change_at) / 3600, event.text))
    return found


def shadowed(month: Month, play: Session, serving: str, candidate: str) -> str:
    """Replay with a version promoted at the change, and a candidate in its shadow; return how they compare."""
    registry = Registry(play.models)
    actions: list[Record] = []
    for id, verb in ((serving, "swap_model"), (candidate, "shadow_model")):
        version = registry.get(id)
        actions.append(
            action_of(Given(version.slot, version.algorithm, registry.state(version)), month.change_at, verb)
        )
    earlier = [one for one in month.records if time_of(one) < month.change_at]
    engine = build_engine(Config(), month.topology)
    engine.step([*earlier, *actions, *month.records[len(earlier) :]])
    beside = engine.accounts()["serving"]["causes"]["shadow"]["beside"]
    return ", ".join(f"{name} {value}" for name, value in beside.items())


def taken(engine: Engine, action: Action) -> str:
    """Let an engine take a record; return its answer, and the digest of the ranker's state after it."""
    answers = [event for event in engine.step([action]) if isinstance(event, Feedback)]
    ranker: Any = engine.ranking.models.ranker
    text = canonical(ranker.dump())
    found = given(action)
    equal = "equal to" if text == found.text else "NOT equal to"
    return f"{answers[-1].reason}\n  state {digest_of(found.algorithm, text)}, {equal} {found.id}"


def session(directory: Path, days: float, faults: int) -> None:
    """Play the session."""
    month = month_of(days, faults)
    print(f"{len(month.records):,} records of two sites, {days:g} days each; {month.confirmed} causes confirmed\n")
    play = Session(directory, month)
    engine = build_engine(Config(), month.topology)
    first = play.train(month.change_at)
    play.promote(first)
    play.promote(first, "--force", "--reason", "the first version, to have one to roll back to")
    print(taken(engine, play.action()), "\n")
    for hours, text in alarms(month):
        print(f"{hours:+.0f} h: {text}")
    early = play.train(month.change_at + 0.15 * days * DAY_S)
    play.promote(early)
    print(f"in the shadow of {first}: {shadowed(month, play, first, early)}\n")
    late = play.train(month.end)
    play.promote(late)
    if Registry(play.models).serving("causes") != Registry(play.models).get(late):
        print("not promoted")
        return
    print(taken(engine, play.action()), "\n")
    play.roll_back()
    print(taken(engine, play.action()))
    play.run("list")
    play.run("runs")


def main() -> int:
    """Play the session in a directory of its own."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--days", type=float, default=15.0, help="days of each of the two sites")
    options.add_argument("--faults", type=int, default=60, help="faults of each")
    given_options = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        session(Path(name), given_options.days, given_options.faults)
    return 0


if __name__ == "__main__":
    sys.exit(main())
