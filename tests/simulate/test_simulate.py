"""The simulator: equal bytes, full truth, local faults, honest noise."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops import archive
from aiops.engine.silences.actions import parse_silence
from aiops.errors import AiopsError, UsageError
from aiops.records import Action, Alert, Change, Incident
from aiops.simulate import STORM, Options, Simulation, save, simulate, summary
from aiops.simulate.faults import FAULTS
from aiops.simulate.signals import SIGNALS
from aiops.simulate.spread import HARM_EFFECTS, STORE_EFFECTS
from aiops.simulate.writing import ALERTS, TOPOLOGY, TRUTH
from aiops.topology import load_topology

SMALL = Options(seed=3, services=12, faults=3, noise=4.0, hours=2.0)
SCRIPT = """
import sys
from pathlib import Path
from aiops.simulate import Options, save, simulate
save(simulate(Options(seed=3)), Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def storm() -> Simulation:
    return simulate(STORM)


def of_incident(run: Simulation, incident: str) -> list[Alert]:
    return [alert for alert in run.alerts if alert.truth and alert.truth.incident == incident]


def test_equal_bytes_in_other_processes_with_other_hash_seeds(tmp_path: Path) -> None:
    for hash_seed in ("0", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path / hash_seed)], env=environment, check=True)
    save(simulate(Options(seed=3)), tmp_path / "here")
    for path in sorted((tmp_path / "here").iterdir()):
        assert path.read_bytes() == (tmp_path / "0" / path.name).read_bytes()
        assert path.read_bytes() == (tmp_path / "4711" / path.name).read_bytes()


def test_another_seed_is_another_run() -> None:
    first, second = simulate(SMALL), simulate(Options(seed=4, services=12, faults=3, noise=4.0, hours=2.0))
    assert [each.root_cause for each in first.incidents] != [each.root_cause for each in second.incidents]


def test_files_are_read_back_without_a_rejection(tmp_path: Path) -> None:
    run = simulate(SMALL)
    save(run, tmp_path / "new" / "folder")
    rejections = archive.Rejections()
    records = list(archive.read([tmp_path / "new" / "folder" / name for name in (ALERTS, TRUTH)], rejections))
    assert rejections.count == 0
    assert [each for each in records if not isinstance(each, Incident)] == run.records
    assert [each for each in records if isinstance(each, Incident)] == run.incidents
    topology = load_topology(tmp_path / "new" / "folder" / TOPOLOGY)
    assert topology.nodes == run.topology.nodes
    assert topology.depends_on == run.topology.depends_on
    assert not topology.warnings


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AiopsError, match="file"):
        save(simulate(SMALL), tmp_path / "file")


def test_the_storm_is_thousands_of_alerts_of_a_few_incidents(storm: Simulation) -> None:
    counts = summary(storm)
    assert 6_000 <= counts.alerts <= 10_000
    assert 6 <= counts.incidents <= 8
    assert 0.1 < counts.background / counts.alerts < 0.4
    assert counts.duplicates > 0


def test_truth_is_complete(storm: Simulation) -> None:
    named = {alert.truth.incident for alert in storm.alerts if alert.truth} - {None}
    assert named == {incident.id for incident in storm.incidents}
    for incident in storm.incidents:
        assert incident.root_cause is not None
        assert incident.cause_class in {fault.cause_class for fault in FAULTS}
        mine = of_incident(storm, incident.id)
        roots = {alert.entity for alert in mine if alert.truth and alert.truth.root_cause}
        assert incident.root_cause.entity in roots, "what broke must raise an alert"
        service_level = incident.root_cause.level == "service"
        assert all(
            entity == incident.root_cause.entity
            or (service_level and storm.topology.service_of(entity or "") == incident.root_cause.entity)
            for entity in roots
        )
        assert incident.opened_at is not None
        assert incident.resolved_at is not None
        assert min(alert.ts for alert in mine) > incident.opened_at - 30
        assert max(alert.ts for alert in mine) < incident.resolved_at + 150


def test_every_alert_is_of_a_known_entity_and_in_time(storm: Simulation) -> None:
    end = storm.options.start + storm.options.hours * 3600
    times = [record.ts for record in storm.records]
    assert times == sorted(times)
    for alert in storm.alerts:
        assert alert.entity in storm.topology.nodes
        assert storm.options.start - 30 <= alert.ts <= end + 30
        assert alert.message
        assert "{" not in alert.message


def test_faults_overlap_in_time(storm: Simulation) -> None:
    spans = sorted((each.opened_at or 0.0, each.resolved_at or 0.0) for each in storm.incidents)
    assert any(later[0] < earlier[1] for earlier, later in pairwise(spans))


def test_faults_stay_local_in_a_large_site() -> None:
    run = simulate(Options(seed=5, services=240, faults=14, noise=0.0))
    for incident in run.incidents:
        touched = {alert.service for alert in of_incident(run, incident.id) if alert.service}
        assert len(touched) <= 0.15 * 240, incident
    assert {each.cause_class for each in run.incidents} == {fault.cause_class for fault in FAULTS}


def test_symptoms_follow_the_dependencies(storm: Simulation) -> None:
    """Each alerting service is near what broke: no further than four calls and the way onto the host."""
    for incident in storm.incidents:
        assert incident.root_cause is not None
        near = storm.topology.within(incident.root_cause.entity, 7)
        assert {alert.entity for alert in of_incident(storm, incident.id)} <= near.keys()


def test_noise_does_not_move_the_faults() -> None:
    quiet, loud = simulate(Options(noise=0.0)), simulate(Options(noise=20.0))
    assert quiet.incidents == loud.incidents
    assert Counter(alert.truth.incident for alert in loud.alerts if alert.truth)[None] > 1000


@pytest.mark.parametrize("noise", [2.0, 10.0])
def test_noise_is_about_what_was_asked_for(noise: float) -> None:
    run = simulate(Options(services=60, faults=0, noise=noise, hours=6.0))
    assert len(run.alerts) == pytest.approx(noise * 60 * 6, rel=0.25)
    assert not run.incidents


def test_guilty_changes_come_shortly_before_and_most_changes_are_innocent() -> None:
    run = simulate(Options(seed=2, services=48, faults=14, noise=1.0, hours=12.0))
    guilty = [each for each in run.incidents if each.cause_class in ("bad deploy", "configuration error")]
    assert guilty
    changes = [record for record in run.records if isinstance(record, Change)]
    for incident in guilty:
        assert incident.root_cause is not None
        assert any(
            change.entity == incident.root_cause.entity and 0 < (incident.opened_at or 0.0) - change.ts < 300
            for change in changes
        )
    assert len(changes) > 3 * len(guilty)
    assert {"deploy", "config", "maintenance"} == {change.name for change in changes}


def test_planned_maintenance_is_silenced_by_actions_that_the_engine_takes() -> None:
    run = simulate(Options(seed=2, services=24, faults=0, noise=0.0, hours=24.0))
    silences = [parse_silence(record) for record in run.records if isinstance(record, Action)]
    windows = [record for record in run.records if isinstance(record, Change) and record.name == "maintenance"]
    assert 0 < len(silences) < len(windows)
    assert all(silence.end > silence.start for silence in silences)
    assert {record.name for record in run.alerts} == {"KubeNodeNotReady", "TargetDown"}


def test_playbooks_that_truth_names_are_in_the_catalogue() -> None:
    catalogue = {path.stem for path in (Path(__file__).parents[2] / "playbooks").glob("*.yaml")}
    assert {fault.playbook for fault in FAULTS if fault.playbook} <= catalogue


def test_copies_are_exact_and_episodes_end(storm: Simulation) -> None:
    seen: dict[str, Alert] = {}
    for alert in storm.alerts:
        assert seen.setdefault(alert.id, alert) == alert
    resolved = [alert for alert in storm.alerts if alert.status == "resolved"]
    assert resolved
    assert all(alert.ends_at is not None for alert in resolved if alert.starts_at is not None)


def test_some_checks_flap(storm: Simulation) -> None:
    changes: Counter[tuple[str, str | None]] = Counter()
    for alert in storm.alerts:
        if alert.truth and alert.truth.incident is None and alert.status == "resolved":
            changes[alert.name, alert.entity] += 1
    assert max(changes.values()) >= 6


def test_every_symptom_is_a_signal() -> None:
    named = {symptom.signal for fault in FAULTS for symptom in fault.symptoms}
    named |= {signal for effects in HARM_EFFECTS.values() for signal, _, _ in effects}
    named |= {signal for signal, _ in STORE_EFFECTS.values()}
    assert named <= SIGNALS.keys()
    for signal in SIGNALS.values():
        assert signal.text.format(entity="x", value=signal.high)


@given(
    seed=st.integers(-5, 5),
    services=st.integers(2, 40),
    faults=st.integers(0, 8),
    noise=st.sampled_from([0.0, 1.0, 5.0]),
    hours=st.sampled_from([0.5, 3.0]),
)
@settings(max_examples=25, deadline=None)
def test_any_options_in_range_can_be_simulated(
    seed: int, services: int, faults: int, noise: float, hours: float
) -> None:
    run = simulate(Options(seed=seed, services=services, faults=faults, noise=noise, hours=hours))
    assert len(run.incidents) == faults
    assert summary(run).services == services
    assert not run.topology.warnings


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(services=1), "--services: expected 2 to 5000, got 1"),
        (Options(faults=-1), "--faults: expected 0 to 5000, got -1"),
        (Options(noise=float("nan")), "--noise: expected 0 to 1000, got nan"),
        (Options(hours=1e9), "--hours: expected 0.5 to 744, got 1e"),
    ],
)
def test_options_out_of_range_are_refused(options: Options, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("+", r"\+")):
        simulate(options)
