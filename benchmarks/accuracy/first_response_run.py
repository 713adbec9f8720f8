"""One simulated site, decided on as the daemon decides in shadow mode, and what each action would have met.

The site's truth is known. An action is right if its target is, or belongs to, the cause of a fault that has an alert in
the incident at that time. People review some incidents once they have ended: they confirm the cause, or mark an
incident without a fault as noise; of several causes they confirm the one that a decision was on. Only that teaches how
often first suspects and decisions are right. Two policies decide on the same
incidents: by the measured certainty, and by one that is assumed. The naive rule acts once on each incident, on the
first playbook that fits. What begins in the first part of a site's life teaches, and is not counted.
"""

from __future__ import annotations

import tempfile
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from zlib import crc32

import msgspec
from aiops_models.causes.incident_graph import IncidentGraph
from aiops_models.causes.ranker import CauseRanker
from aiops_models.causes.score_terms import Account, Terms
from msgspec import Struct, field

from aiops.app.engine import build_engine, build_models
from aiops.app.runs import shipped_or_named
from aiops.backtest.driver import Replay
from aiops.backtest.remediation import RemediationReport, Shadow, run_shadow
from aiops.config import Config, load_config
from aiops.engine.engine import Engine
from aiops.engine.incident_view import CurrentIncident, current_incident
from aiops.errors import UsageError
from aiops.records import Action, Alert, Cause, Incident, Logged, RootCause
from aiops.respond.decisions import Decision
from aiops.respond.format import Playbook
from aiops.respond.guard_case import Policy, World
from aiops.respond.history import History
from aiops.respond.plans import Planner
from aiops.respond.systems import read_systems
from aiops.score.ranking import cause_case
from aiops.simulate import Options, Simulation, simulate
from aiops.topology import Topology

# A label counts for an incident if so much of its streams is of that fault: less is a stray.
SHARE = 0.2
# Alerts of a fault may be minutes older than the incident that they open.
BEFORE_S = 600.0
# As many suggestions as the daemon decides on.
MOST = 3
SWAPPED, SWAPS_AMONG = 0.3, 5
ASSUMED = 0.95
# Alerts of a fault that has ended resolve within so long.
LINGERS_S = 90.0
# A condition that clears at once is verified after so long (`stableFor` of the catalogue below).
STABLE_S = 300.0


class Task(NamedTuple):
    """A site and an arm.

    `reviewed` (0 to 1) is the share of incidents that people review. What begins within the first `learning` (0 to 1)
    of the site's life is not counted. `certainty` is what the operator requires (`respond.auto.min_certainty`).
    """

    options: Options
    catalogue: str = "shipped"
    reviewed: float = 0.8
    learning: float = 2 / 3
    is_worse: bool = False
    certainty: float = 0.9


class Acts(Struct):
    """The actions of one rule: faults `started` and `right`, runs, wrong ones, `late` ones, seconds from alert to run.

    A late action is on the cause of a fault that has ended, and whose alert was not resolved.

    `refusals` are of faults, by code; `wrongs` has a line for each wrong run.
    """

    started: int = 0
    right: int = 0
    runs: int = 0
    wrong: int = 0
    late: int = 0
    seconds: list[float] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    wrongs: list[str] = field(default_factory=list)


class Outcome(Struct):
    """The counts of a site, with the actions by rule: `measured`, `assumed` and `naive`."""

    incidents: int = 0
    faults: int = 0
    reviewed: int = 0
    acts: dict[str, Acts] = field(default_factory=dict)


class WorseRanker(CauseRanker):
    """The cause ranker, which names another suspect than the first in `SWAPPED` of incidents, as surely.

    It learns from its own rankings, so what it states of itself is of the worse one.
    """

    def _accounts(self, graph: IncidentGraph) -> tuple[Terms, list[Account]]:
        terms, found = super()._accounts(graph)
        drawn = crc32(f"worse {graph.view.id}".encode())
        if len(found) > 1 and drawn % 1000 < SWAPPED * 1000:
            other = 1 + drawn // 1000 % min(SWAPS_AMONG, len(found) - 1)
            first = found[0]
            found[0] = Account(found[other].entity, found[other].parts, first.score)
            found[other] = Account(first.entity, first.parts, found[other].score)
        return terms, found


class Labels:
    """Which faults an incident is of, by the labels of its streams."""

    def __init__(self, alerts: Sequence[Alert]) -> None:
        self._seen: dict[tuple[str, str], list[tuple[float, str | None]]] = {}
        self.onsets: dict[str, float] = {}
        for alert in alerts:
            label = alert.truth.incident if alert.truth is not None else None
            self._seen.setdefault((alert.entity or "", alert.name), []).append((alert.ts, label))
            if label is not None:
                self.onsets.setdefault(label, alert.ts)

    def of(self, engine: Engine, incident: str, share: float = SHARE) -> list[str]:
        """Return the faults that have a share of an incident's streams or more, most first."""
        state = engine.incidents.by_id[incident]
        cluster = engine.clusters.of(state.cluster)
        if cluster is None:
            return []
        members = list(cluster.members.values())
        votes: Counter[str] = Counter()
        for member in members:
            since, until = min(member.first_at, state.opened_at) - BEFORE_S, member.last_at
            seen = self._seen.get((member.entity, member.name), [])
            labels = Counter(label for _, label in seen[bisect_left(seen, since, key=_at) : _end(seen, until)])
            if labels and (label := labels.most_common(1)[0][0]) is not None:
                votes[label] += 1
        return [label for label, count in votes.most_common() if count >= share * len(members)]


def _at(one: tuple[float, str | None]) -> float:
    return one[0]


def _end(seen: list[tuple[float, str | None]], until: float) -> int:
    return bisect_right(seen, until, key=_at)


class Naive:
    """Acts once on each incident, with the first playbook that fits and names a target."""

    def __init__(self, engine: Engine, books: Mapping[str, Playbook], topology: Topology, config: Config) -> None:
        self._engine, self._books = engine, books
        self._planner = Planner(books, topology, Policy(), History(), read_systems(config.respond))
        self.acted: dict[str, tuple[float, str, list[str]]] = {}

    def visit(self, incident: str) -> None:
        """Look at an open incident that changed."""
        if incident in self.acted:
            return
        now = self._engine.timeline.now
        found, present = current_incident(self._engine, incident, now), self._engine.present(incident)
        if found is None or present is None:
            return
        for name in [one.name for one in present[0].playbooks[:MOST] if one.name in self._books]:
            try:
                plan, _ = self._planner.plan(found.view, name, World(now), by="shadow")
            except UsageError:
                continue
            if plan.targets and plan.requests:
                self.acted[incident] = (now, name, plan.targets)
                return


class Decider(Shadow):
    """Shadow mode, which keeps the faults that have an alert in an incident when it would run."""

    def __init__(
        self, engine: Engine, run: Simulation, config: Config, labels: Labels, certainty: float | None = None
    ) -> None:
        books = {name: one for name, one in shipped_or_named(config).playbooks.items() if one.mode == "auto"}
        super().__init__(engine, books, run.topology, config.respond, certainty)
        self.site, self.labels, self.books = engine, labels, books
        self.present: dict[tuple[str, str], list[str]] = {}

    def _run(self, decision: Decision, now: float, *, is_trial: bool) -> None:
        super()._run(decision, now, is_trial=is_trial)
        self.present[decision.incident, decision.playbook] = self.labels.of(self.site, decision.incident, 0.0)

    def _world(self, found: CurrentIncident) -> World:
        if self._certainty is not None:
            found.certainty = None
        return super()._world(found)


class Watch(Decider):
    """Shadow mode by the measured certainty, beside one by an assumed certainty, people who review, and the rule."""

    def __init__(self, engine: Engine, run: Simulation, config: Config, task: Task) -> None:
        super().__init__(engine, run, config, Labels(run.alerts))
        self.assumed = Decider(engine, run, config, self.labels, ASSUMED)
        # Counting the fleet takes long.
        self.assumed._worlds = self._worlds
        self.task = task
        self._since = task.options.start + task.learning * task.options.hours * 3600
        self.causes = {one.id: one.root_cause for one in run.incidents}
        self.naive = Naive(engine, self.books, run.topology, config)
        self.naive_present: dict[str, list[str]] = {}
        self.faults: dict[str, list[str]] = {}
        self.begun: dict[str, float] = {}
        self.due: list[Action] = []
        self.reviewed = 0
        self._ended: set[str] = set()
        self._versions: dict[str, int] = {}

    def visit(self) -> None:
        """Decide; keep what each incident is of while the engine still knows its streams.

        What is decided while people teach is reviewed as well; the rules beside it begin later.
        """
        decides = self.site.timeline.now >= self._since
        super().visit()
        if decides:
            self.assumed.visit()
        for name, state in list(self.site.incidents.by_id.items()):
            if name in self._ended or self._versions.get(name) == state.version:
                continue
            self._versions[name] = state.version
            self.begun.setdefault(name, self.site.timeline.now)
            if decides and state.status != "resolved" and name not in self.naive.acted:
                self.naive.visit(name)
                if name in self.naive.acted:
                    self.naive_present[name] = self.labels.of(self.site, name, 0.0)
            self.faults[name] = self.labels.of(self.site, name) or self.faults.get(name, [])
            if state.status == "resolved":
                self._ended.add(name)
                self._review(name)

    def _review(self, incident: str) -> None:
        """Confirm the cause, or mark as noise, in the share of incidents in which somebody does.

        Of several causes it is the one that a decision was on, if it was on one of them.
        """
        if crc32(f"review {incident}".encode()) % 1000 >= self.task.reviewed * 1000:
            return
        self.reviewed += 1
        roots = [root for label in self.faults[incident] if (root := self.causes.get(label)) is not None]
        targets = [one.targets for one in self._history.trials.values() if one.incident == incident]
        service_of = self._topology.service_of
        hit = (root for root in roots if any(all(_is(one, root, service_of) for one in each) for each in targets))
        root = next(hit, roots[0] if roots else None)
        at, name = self.site.timeline.now, f"review-{incident}"
        if root is not None:
            cause = Action(ts=at, verb="confirm_cause", id=name, actor="ann", incident=incident, entity=root.entity)
            self.due.append(cause)
        else:
            self.due.append(Action(ts=at, verb="mark", id=name, actor="ann", incident=incident, args={"as": "noise"}))

    def records(self, given: Sequence[Logged]) -> Iterator[Logged]:
        """Yield the records, with what people said meanwhile."""
        for record in given:
            yield from self.due
            self.due.clear()
            yield record


def measure(task: Task) -> Outcome:
    """Simulate a site and decide on its incidents."""
    run = simulate(task.options)
    with tempfile.TemporaryDirectory(prefix="aiops-first-") as directory:
        config = configuration(Path(directory), task)
        models = build_models(config, run.topology)
        if task.is_worse:
            models.ranker = WorseRanker(run.topology)
        engine = build_engine(config, run.topology, models)
        watch = Watch(engine, run, config, task)
        done = run_shadow(watch.records([*run.records, *run.incidents]), engine, watch)
        return counted(watch, done, run)


def counted(watch: Watch, done: Replay, run: Simulation) -> Outcome:
    """Return the counts of a site's decisions after its time of learning."""
    options, learning = run.options, watch.task.learning
    since = options.start + learning * options.hours * 3600
    counts = {name for name, at in watch.begun.items() if at >= since}
    faults = [one for one in run.incidents if (one.opened_at or 0.0) >= since]
    made = Outcome(len(counts), len(faults), watch.reviewed)
    truth = Truth(watch, run)
    for name, decider in (("measured", watch), ("assumed", watch.assumed)):
        report = decider.report(done, run.topology)
        runs = [Ran(one.at, one.incident, one.playbook, one.targets) for one in report.runs if one.incident in counts]
        made.acts[name] = truth.judged(runs, decider.present, {one.id for one in faults})
        made.acts[name].refusals = refusals(watch, report, faults, truth.started)
    naive = [Ran(at, name, book, targets) for name, (at, book, targets) in watch.naive.acted.items() if name in counts]
    present = {(one.incident, one.playbook): watch.naive_present[one.incident] for one in naive}
    made.acts["naive"] = truth.judged(naive, present, {one.id for one in faults})
    return made


class Ran(NamedTuple):
    """An action of a rule."""

    at: float
    incident: str
    playbook: str
    targets: list[str]


class Truth:
    """Judges actions by the faults of the site."""

    def __init__(self, watch: Watch, run: Simulation) -> None:
        self._watch, self._topology = watch, run.topology
        self._faults = {one.id: one for one in run.incidents}
        self.started: dict[str, float] = {}

    def judged(self, runs: Sequence[Ran], present: Mapping[tuple[str, str], list[str]], faults: set[str]) -> Acts:
        """Return the counts of some actions; only `faults` count as started or right."""
        made, right = Acts(runs=len(runs)), set[str]()
        self.started = {}
        for one in sorted(runs):
            hits = self._hits(one, present[one.incident, one.playbook])
            right.update(hits)
            for label in self._begun(one):
                self.started.setdefault(label, one.at)
            for label in hits:
                self.started.setdefault(label, one.at)
            made.late += bool(hits) and all(self._has_ended(label, one.at) for label in hits)
            if not hits:
                made.wrong += 1
                made.wrongs.append(f"{one.playbook} on {', '.join(one.targets)}: {self._roots(one)}")
        self.started = {label: at for label, at in self.started.items() if label in faults}
        made.started, made.right = len(self.started), len(right & faults)
        made.seconds = [at - self._watch.labels.onsets[label] for label, at in self.started.items()]
        return made

    def _begun(self, one: Ran) -> list[str]:
        """Return the faults of an incident that had begun."""
        onsets = self._watch.labels.onsets
        return [label for label in self._watch.faults.get(one.incident, []) if onsets[label] <= one.at]

    def _hits(self, one: Ran, present: Sequence[str]) -> list[str]:
        """Return the faults with an alert in the incident whose cause all targets are, or belong to."""
        roots = [(label, self._faults[label].root_cause) for label in present]
        service_of = self._topology.service_of
        return [label for label, root in roots if root and all(_is(each, root, service_of) for each in one.targets)]

    def _has_ended(self, label: str, at: float) -> bool:
        return at > (self._faults[label].resolved_at or at) + LINGERS_S

    def _roots(self, one: Ran) -> str:
        roots = [self._watch.causes.get(label) for label in self._watch.faults.get(one.incident, [])]
        return ", ".join(root.entity for root in roots if root) or "no fault"


def refusals(
    watch: Watch, report: RemediationReport, faults: Sequence[Incident], started: Mapping[str, float]
) -> dict[str, int]:
    """Count the faults without a run by the code that refused; `no_playbook` where none of the catalogue fitted."""
    codes: dict[str, str] = {}
    for one in report.refused:
        for label in watch.faults.get(one.incident, []):
            codes.setdefault(label, one.code)
    left = [one.id for one in faults if one.id not in started]
    return dict(Counter(codes.get(label, "no_playbook") for label in left).most_common())


def _is(target: str, root: RootCause, service_of: Any) -> bool:
    return any(cause_case([Cause(target)], root, service_of).right)


def seconds_of(found: Sequence[float]) -> float | None:
    """Return the median; None without any."""
    return median(found) if found else None


def configuration(directory: Path, task: Task) -> Config:
    """Write and read the settings of a site whose systems are configured, at addresses that are never called."""
    lines = [f'[respond.systems.{kind}]\nkind = "{kind}"\nurl = "https://{kind}.invalid"\n' for kind in SYSTEMS]
    names = sorted(BOOKS)
    if task.catalogue == "benchmark":
        for name in names:
            (directory / f"{name}.yaml").write_bytes(msgspec.json.encode(book(name, *BOOKS[name])))
        lines.append(f'[playbooks]\nuse = "playbooks"\n[playbooks.options]\nplaybooks = "{directory}"\n')
    lines.append(f"[respond.auto]\nreversible = {msgspec.json.encode(names).decode()}\n")
    lines.append(f"min_certainty = {task.certainty}\n")
    path = directory / "aiops.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return load_config(path, ())


SYSTEMS = ("kubernetes", "prometheus", "awx")
# The benchmark's own catalogue, by what the simulator breaks: the names of alerts, and the kinds of entity.
BOOKS: dict[str, tuple[str, list[str]]] = {
    "bench-service": (
        "HTTPErrorRateHigh|HighRequestLatency|KubePodCrashLooping|KubeContainerOOMKilled|ContainerMemoryNearLimit|"
        "KubeDeploymentRolloutStuck|ConfigReloadFailed|CertificateExpired",
        ["service"],
    ),
    "bench-host": ("Node.*|KubeNode.*|TargetDown", ["host"]),
    "bench-database": ("Postgresql.*|KubePersistentVolumeFillingUp", ["database"]),
    "bench-queue": ("Rabbitmq.*", ["queue"]),
    "bench-cache": ("Redis.*", ["cache"]),
}


def book(name: str, alerts: str, kinds: list[str]) -> dict[str, Any]:
    """Return an action as a playbook, with the guards that the format has by default."""
    request = {"kind": "http", "url": "https://ops.invalid/act", "body": {"on": "{{ target }}"}}
    return {
        "apiVersion": "aiops/v1",
        "kind": "Playbook",
        "name": name,
        "version": "1.0.0",
        "summary": "An action of the benchmark.",
        "whenToUse": "A simulated fault.",
        "whenNotToUse": "Anything else.",
        "owners": ["team:benchmark"],
        "match": {"anyAlert": [[{"label": "name", "op": "=~", "value": alerts}]], "cause": {"kind": kinds}},
        "parameters": {"target": {"from": ["cause.entity"], "pattern": "[a-z0-9-]{1,60}"}},
        "mode": "auto",
        "reversible": True,
        "approval": {"approvers": ["team:benchmark"]},
        "steps": [{"name": "act", **request}],
        "rollback": [{"name": "undo", **request}],
        "verify": [{"kind": "alert-resolved", "within": "30m", "stableFor": "5m"}],
    }
