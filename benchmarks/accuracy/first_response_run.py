"""One simulated site, decided on as the daemon decides in shadow mode, and what each action would have met.

The site's truth is known, so an action is right if its target is, or belongs to, the cause of a fault of its incident.
People confirm the causes of some incidents once they have ended, as they do in reviews: only that teaches the ranker
how often it is right. The naive rule acts once on each incident, on the first playbook that fits.
"""

from __future__ import annotations

import tempfile
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
from aiops.backtest.remediation import RemediationReport, Shadow, run_shadow
from aiops.config import Config, load_config
from aiops.engine.engine import Engine
from aiops.engine.incident_view import current_incident
from aiops.errors import UsageError
from aiops.records import Action, Alert, Cause, Incident, Logged, RootCause
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


class Task(NamedTuple):
    """A site and an arm.

    `confirmed` (0 to 1) is the share of incidents whose cause people confirm; `assumed` a certainty in place of it.
    """

    options: Options
    catalogue: str = "shipped"
    confirmed: float = 0.5
    assumed: float | None = None
    is_worse: bool = False


class Outcome(Struct):
    """What was counted; `seconds` are from the first alert of a fault to the run, `refusals` of faults by code.

    `wrongs` has a line for each wrong run. The fields of `naive` are those of the naive rule.
    """

    incidents: int = 0
    faults: int = 0
    started: int = 0
    right: int = 0
    runs: int = 0
    wrong: int = 0
    naive_started: int = 0
    naive_right: int = 0
    naive_runs: int = 0
    naive_wrong: int = 0
    confirmed: int = 0
    seconds: list[float] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    wrongs: list[str] = field(default_factory=list)


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

    def of(self, engine: Engine, incident: str) -> list[str]:
        """Return the faults that have `SHARE` of an incident's streams or more, most first."""
        state = engine.incidents.by_id[incident]
        cluster = engine.clusters.of(state.cluster)
        if cluster is None:
            return []
        members = list(cluster.members.values())
        votes: Counter[str] = Counter()
        for member in members:
            since, until = min(member.first_at, state.opened_at) - BEFORE_S, member.last_at
            labels = Counter(
                label for at, label in self._seen.get((member.entity, member.name), ()) if since <= at <= until
            )
            if labels and (label := labels.most_common(1)[0][0]) is not None:
                votes[label] += 1
        return [label for label, count in votes.most_common() if count >= SHARE * len(members)]


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


class Watch(Shadow):
    """Shadow mode, with people who confirm causes, and the naive rule beside."""

    def __init__(self, engine: Engine, run: Simulation, config: Config, task: Task) -> None:
        books = {name: one for name, one in shipped_or_named(config).playbooks.items() if one.mode == "auto"}
        super().__init__(engine, books, run.topology, config.respond, task.assumed)
        self.site, self.task = engine, task
        self.labels = Labels(run.alerts)
        self.causes = {one.id: one.root_cause for one in run.incidents}
        self.naive = Naive(engine, books, run.topology, config)
        self.faults: dict[str, list[str]] = {}
        self.due: list[Action] = []
        self.confirmed = 0
        self._ended: set[str] = set()
        self._versions: dict[str, int] = {}

    def visit(self) -> None:
        """Decide; keep what each incident is of while the engine still knows its streams."""
        super().visit()
        for name, state in list(self.site.incidents.by_id.items()):
            if name in self._ended or self._versions.get(name) == state.version:
                continue
            self._versions[name] = state.version
            if state.status != "resolved":
                self.naive.visit(name)
            self.faults[name] = self.labels.of(self.site, name) or self.faults.get(name, [])
            if state.status == "resolved":
                self._ended.add(name)
                self._confirm(name)

    def _confirm(self, incident: str) -> None:
        """A person states the cause, in the share of incidents in which somebody does."""
        root = self.causes.get(self.faults[incident][0]) if self.faults[incident] else None
        if root is not None and crc32(f"confirm {incident}".encode()) % 1000 < self.task.confirmed * 1000:
            self.confirmed += 1
            at, name = self.site.timeline.now, f"confirm-{incident}"
            self.due.append(
                Action(ts=at, verb="confirm_cause", id=name, actor="ann", incident=incident, entity=root.entity)
            )

    def records(self, given: Sequence[Logged]) -> Iterator[Logged]:
        """Yield the records, with what people confirmed meanwhile."""
        for record in given:
            yield from self.due
            self.due.clear()
            yield record


def measure(task: Task) -> Outcome:
    """Simulate a site and decide on its incidents."""
    run = simulate(task.options)
    with tempfile.TemporaryDirectory(prefix="aiops-first-") as directory:
        config = configuration(Path(directory), task.catalogue)
        models = build_models(config, run.topology)
        if task.is_worse:
            models.ranker = WorseRanker(run.topology)
        engine = build_engine(config, run.topology, models)
        watch = Watch(engine, run, config, task)
        done = run_shadow(watch.records([*run.records, *run.incidents]), engine, watch)
        return counted(watch, watch.report(done, run.topology), run)


def counted(watch: Watch, report: RemediationReport, run: Simulation) -> Outcome:
    """Return the counts of a site's decisions."""
    made = Outcome(incidents=report.incidents, faults=len(run.incidents), runs=len(report.runs))
    made.confirmed = watch.confirmed
    service_of = run.topology.service_of

    def begun(incident: str, at: float) -> list[str]:
        """The faults of an incident that had begun."""
        return [label for label in watch.faults.get(incident, []) if watch.labels.onsets[label] <= at]

    def hit(targets: Sequence[str], incident: str, at: float) -> list[str]:
        """Those whose cause all targets are, or belong to."""
        found = {label: watch.causes.get(label) for label in begun(incident, at)}
        return [label for label, root in found.items() if root and all(_is(one, root, service_of) for one in targets)]

    started: dict[str, float] = {}
    right: set[str] = set()
    for one in sorted(report.runs, key=lambda one: one.at):
        hits = hit(one.targets, one.incident, one.at)
        right.update(hits)
        for label in begun(one.incident, one.at):
            started.setdefault(label, one.at)
        if not hits:
            made.wrong += 1
            made.wrongs.append(f"{one.playbook} on {', '.join(one.targets)}: {_truth(watch, one.incident)}")
    made.started, made.right = len(started), len(right)
    made.seconds = [at - watch.labels.onsets[label] for label, at in started.items()]
    naive = [(incident, hit(acted[2], incident, acted[0])) for incident, acted in watch.naive.acted.items()]
    made.naive_runs = len(naive)
    made.naive_wrong = sum(not hits for _, hits in naive)
    made.naive_right = len({label for _, hits in naive for label in hits})
    made.naive_started = len({label for name, acted in watch.naive.acted.items() for label in begun(name, acted[0])})
    made.refusals = refusals(watch, report, set(started), run.incidents)
    return made


def refusals(watch: Watch, report: RemediationReport, started: set[str], faults: Sequence[Incident]) -> dict[str, int]:
    """Count the faults without a run by the code that refused; `no_playbook` where none of the catalogue fitted."""
    codes: dict[str, str] = {}
    for one in report.refused:
        for label in watch.faults.get(one.incident, []):
            codes.setdefault(label, one.code)
    left = [one.id for one in faults if one.id not in started]
    return dict(Counter(codes.get(label, "no_playbook") for label in left).most_common())


def _truth(watch: Watch, incident: str) -> str:
    roots = [watch.causes.get(label) for label in watch.faults.get(incident, [])]
    return ", ".join(root.entity for root in roots if root) or "no fault"


def _is(target: str, root: RootCause, service_of: Any) -> bool:
    return any(cause_case([Cause(target)], root, service_of).right)


def seconds_of(found: Sequence[float]) -> float | None:
    """Return the median; None without any."""
    return median(found) if found else None


def configuration(directory: Path, catalogue: str) -> Config:
    """Write and read the settings of a site whose systems are configured, at addresses that are never called."""
    lines = [f'[respond.systems.{kind}]\nkind = "{kind}"\nurl = "https://{kind}.invalid"\n' for kind in SYSTEMS]
    names = sorted(BOOKS)
    if catalogue == "benchmark":
        for name in names:
            (directory / f"{name}.yaml").write_bytes(msgspec.json.encode(book(name, *BOOKS[name])))
        lines.append(f'[playbooks]\nuse = "playbooks"\n[playbooks.options]\nplaybooks = "{directory}"\n')
    lines.append(f"[respond.auto]\nreversible = {msgspec.json.encode(names).decode()}\n")
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
