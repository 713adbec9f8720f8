"""A replay shows what would have run, what refused the rest, and whether it would have been right; nothing is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from typer.testing import CliRunner

from aiops.app.engine import build_engine
from aiops.backtest.remediation import LiveRuns, RemediationReport, Shadow, WouldRun, live_runs, run_shadow
from aiops.cli import replay as replay_module
from aiops.cli.app import app
from aiops.config import load_config
from aiops.records import Action, Alert, Incident, Logged, RootCause, Truth
from aiops.respond.audit import Trail
from aiops.respond.catalogue import read_catalogue
from aiops.topology import Topology

AT = 1_772_000_000.0
BOOK: dict[str, Any] = {
    "apiVersion": "aiops/v1",
    "kind": "Playbook",
    "name": "restart-worker",
    "version": "1.0.0",
    "summary": "Restart a worker that hangs.",
    "whenToUse": "A worker hangs.",
    "whenNotToUse": "All workers hang.",
    "owners": ["team:platform"],
    "match": {"anyAlert": [[{"label": "name", "value": "WorkerHangs"}]]},
    "parameters": {"host": {"from": ["cause.entity"], "pattern": "[a-z0-9-]{1,60}"}},
    "mode": "auto",
    "reversible": True,
    "guards": {"minConfidence": "low", "maxRuns": {"count": 5, "per": "1h"}, "cooldown": "30m"},
    "approval": {"approvers": ["team:platform"]},
    "steps": [{"kind": "http", "name": "restart", "url": "https://ops.example/r", "body": {"host": "{{ host }}"}}],
    "rollback": [{"kind": "http", "name": "back", "url": "https://ops.example/b", "body": {"host": "{{ host }}"}}],
    "verify": [{"kind": "alert-resolved", "within": "10m", "stableFor": "5m"}],
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A configuration whose one playbook may run in shadow."""
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "restart-worker.yaml").write_text(json.dumps(BOOK))
    (tmp_path / "aiops.toml").write_text(
        f'[playbooks]\nuse = "playbooks"\n[playbooks.options]\nplaybooks = "{tmp_path}/books"\n'
        '[respond.auto]\nreversible = ["restart-worker"]\n'
    )
    return tmp_path


def alert(at: float, entity: str, status: Literal["firing", "resolved"] = "firing", label: str | None = None) -> Alert:
    truth = Truth(incident=label) if label else None
    return Alert(
        ts=AT + at, name="WorkerHangs", entity=entity, service=entity, severity="critical", status=status, truth=truth
    )


def fault(at: float, entity: str, lasts_s: float, label: str | None = None) -> list[Logged]:
    repeats = [alert(at + 30.0 * number, entity, label=label) for number in range(int(lasts_s / 30.0))]
    return [*repeats, alert(at + lasts_s, entity, "resolved", label)]


def decided(site: Path, records: list[Logged], certainty: float | None = 0.95) -> RemediationReport:
    settings = load_config(site / "aiops.toml", ())
    engine, graph = build_engine(settings, Topology()), Topology()
    books = read_catalogue([site / "books"]).playbooks
    shadow = Shadow(engine, books, graph, settings.respond, certainty)
    return shadow.report(run_shadow(records, engine, shadow), graph)


def test_a_run_is_made_once_an_incident_is_old_enough_and_judged_later(site: Path) -> None:
    report = decided(site, fault(0.0, "worker-1", 1_800.0))
    [run] = report.runs
    assert (run.playbook, run.targets, run.requests) == ("restart-worker", ["worker-1"], ["restart on worker-1"])
    assert 60.0 <= run.at - AT <= 120.0
    # Its window ended after a quarter of an hour, and the condition lasted half an hour.
    assert (run.state, run.is_right) == ("persisted", None)
    assert (report.incidents, report.fitting, report.handled, report.refused) == (1, 1, 1, [])


@pytest.mark.parametrize(
    ("says", "reviewed", "right"),
    [
        ([("confirm_cause", "worker-1", {})], 1, 1),
        ([("confirm_cause", "worker-1", {}), ("mark", None, {"as": "noise"})], 1, 0),
        ([("mark", None, {"as": "noise"}), ("undo", None, {})], 0, 0),
        ([], 0, 0),
    ],
)
@pytest.mark.parametrize("certainty", [None, 0.95])
def test_reviews_judge_what_nothing_else_refused(
    site: Path, says: list[tuple[str, str | None, dict[str, str]]], reviewed: int, right: int, certainty: float | None
) -> None:
    records = fault(0.0, "worker-1", 240.0)
    incident = decided(site, records, certainty=0.95).runs[0].incident
    for number, (verb, entity, args) in enumerate(says):
        said = Action(ts=AT + 400.0 + number, verb=verb, id=f"a{number}", actor="ann", incident=incident, args=args)
        said.entity = entity
        records.append(said)
    report = decided(site, records, certainty)
    assert len(report.runs) == (certainty is not None)
    found = report.record
    assert (found.incidents, found.reviewed, found.right) == (1, reviewed, right)


def test_a_condition_that_clears_alone_needed_no_run(site: Path) -> None:
    [run] = decided(site, fault(0.0, "worker-1", 240.0)).runs
    assert run.state == "cleared"


def test_secrets_of_another_host_are_known_and_their_values_are_not(site: Path) -> None:
    """The daemon's environment is not here; where its secrets may go is in the configuration."""
    with (site / "aiops.toml").open("a") as file:
        file.write('[respond.secrets.ops]\nuse = "bearer"\nenv = "NOT_SET_ANYWHERE"\nhosts = ["ops.example"]\n')
    for url, codes in (("https://ops.example/r", {}), ("https://ops.example:8443/r", {"secret_misdirected": 1})):
        step = {**BOOK["steps"][0], "url": url, "secret": "ops"}
        (site / "books" / "restart-worker.yaml").write_text(json.dumps({**BOOK, "steps": [step]}))
        report = decided(site, fault(0.0, "worker-1", 240.0))
        assert (report.codes, len(report.runs)) == (codes, 0 if codes else 1)


def lived(tmp_path: Path, incident: str, *, was_sent: bool = True, is_cut: bool = False) -> LiveRuns:
    """What the trail of a daemon has of a run for that incident."""
    trail = Trail(tmp_path / "audit.jsonl")
    run = {"run": "r1", "playbook": "restart-worker", "version": "1.0.0", "incident": incident, "plan": "p"}
    trail.append("run", AT + 100.0, run | {"targets": ["worker-9"], "actor": "ann", "requests": []})
    if was_sent:
        change = {"run": "r1", "key": "k", "place": "step 0", "target": "worker-9", "request": {"name": "restart"}}
        trail.append("intent", AT + 101.0, change)
    if is_cut:
        trail.append("cut", AT + 102.0, {"problem": "2 lines are missing", "until": AT, "engaged": []})
    trail.close()
    return live_runs(trail.path)


def reported(site: Path, records: list[Logged], live: LiveRuns | None) -> WouldRun:
    settings, graph = load_config(site / "aiops.toml", ()), Topology()
    engine = build_engine(settings, graph)
    shadow = Shadow(engine, read_catalogue([site / "books"]).playbooks, graph, settings.respond, 0.95)
    [run] = shadow.report(run_shadow(records, engine, shadow), graph, live).runs
    return run


@pytest.mark.parametrize(("was_sent", "state"), [(True, "acted_on"), (False, "cleared")])
def test_a_condition_on_which_the_daemon_acted_did_not_clear_alone(site: Path, was_sent: bool, state: str) -> None:
    records = fault(0.0, "worker-1", 240.0)
    incident = reported(site, records, None).incident
    assert reported(site, records, lived(site, incident, was_sent=was_sent)).state == state


def test_a_condition_on_which_another_incident_was_acted_on_cleared(site: Path) -> None:
    assert reported(site, fault(0.0, "worker-1", 240.0), lived(site, "another")).state == "cleared"


def test_without_the_whole_trail_of_the_daemon_it_is_unknown(site: Path) -> None:
    records = fault(0.0, "worker-1", 240.0)
    assert live_runs(site / "none.jsonl") == LiveRuns(None, None)
    assert reported(site, records, LiveRuns(None, None)).state == "unknown"
    assert reported(site, fault(0.0, "worker-1", 1_800.0), LiveRuns(None, None)).state == "persisted"
    assert reported(site, records, lived(site, "another", is_cut=True)).state == "unknown"
    (site / "audit.jsonl").write_text("{}\n")
    assert live_runs(site / "audit.jsonl") == LiveRuns(None, None)


@pytest.mark.parametrize(("actor", "state"), [("aiops", "acted_on"), ("ann", "cleared")])
def test_what_the_daemon_recorded_of_its_run_counts_without_a_trail(site: Path, actor: str, state: str) -> None:
    records = fault(0.0, "worker-1", 240.0)
    incident = reported(site, records, None).incident
    args = {"playbook": "restart-worker", "outcome": "resolved"}
    action = Action(ts=AT + 900.0, verb="confirm_playbook", actor=actor, incident=incident, args=args)
    assert reported(site, [*records, action], None).state == state


def test_the_command_reads_the_trail_beside_a_journal(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def reading(trail: Path) -> LiveRuns:
        asked.append(trail)
        return LiveRuns(None, None)

    monkeypatch.setattr(replay_module, "live_runs", reading)
    for more in ([], ["--set", f"respond.directory={site}/elsewhere"]):
        (site / "state" / "journal").mkdir(parents=True, exist_ok=True)
        words = ["replay", "--journal", str(site / "state" / "journal"), "--config", str(site / "aiops.toml")]
        shown = CliRunner().invoke(app, [*words, "--remediation", *more])
        assert "No audit trail can be read beside this journal" in " ".join(shown.output.split()), shown.output
    assert asked == [site / "state" / "runs" / "audit.jsonl", site / "elsewhere" / "audit.jsonl"]


def test_a_run_on_the_labelled_cause_is_right_and_another_one_is_wrong(site: Path) -> None:
    records = [*fault(0.0, "worker-1", 240.0, "a"), *fault(90_000.0, "worker-2", 240.0, "b")]
    for name, cause in (("a", "worker-1"), ("b", "switch-7")):
        records.append(Incident(id=name, root_cause=RootCause(cause, "host")))
    assert {run.targets[0]: run.is_right for run in decided(site, records).runs} == {
        "worker-1": True,
        "worker-2": False,
    }


def test_a_certainty_that_nobody_measured_refuses(site: Path) -> None:
    report = decided(site, fault(0.0, "worker-1", 600.0), None)
    assert report.runs == []
    assert report.codes == {"confidence_uncalibrated": 1}
    [refused] = report.refused
    assert (refused.playbook, refused.targets) == ("restart-worker", ["worker-1"])


def test_earlier_runs_count_for_the_guards_of_later_ones(site: Path) -> None:
    records = [*fault(0.0, "worker-1", 240.0), *fault(1_200.0, "worker-1", 240.0)]
    report = decided(site, records)
    assert len(report.runs) == 1
    assert set(report.codes) <= {"cooldown", "repeated", "ineffective_chain"}


def test_an_empty_archive_has_an_empty_report(site: Path) -> None:
    assert decided(site, []) == RemediationReport(assumed_certainty=0.95)


def test_the_command_shows_runs_and_refusals(site: Path) -> None:
    archive = site / "alerts.jsonl"
    archive.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in fault(0.0, "worker-1", 600.0)))
    words = ["replay", str(archive), "--config", str(site / "aiops.toml"), "--remediation"]
    shown = CliRunner().invoke(app, [*words, "--assume-certainty", "0.95"])
    assert shown.exit_code == 0, shown.output
    assert "1 incident, 1 with a playbook that can run, 1 with a run. Nothing was sent." in " ".join(
        shown.output.split()
    )
    assert "Assumed: a first suspect is certain to 0.95" in " ".join(shown.output.split())
    assert "confidence_uncalibrated" in CliRunner().invoke(app, words).output
    raw = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert raw["codes"] == {"confidence_uncalibrated": 1}


def test_the_command_reads_its_input_twice_and_says_so() -> None:
    found = CliRunner().invoke(app, ["replay", "-", "--remediation"], input="")
    assert found.exit_code != 0
    assert "not standard input" in str(found.exception)
