"""`aiops replay` from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec import structs

from aiops.archive import write
from aiops.backtest import replay
from aiops.engine.engine import Engine
from aiops.records import Alert, Incident, Record, RootCause, Tick, Truth
from aiops.simulate import Options, save, simulate
from tests.cli.running import run


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    save(simulate(Options(seed=3, services=8, faults=4, noise=1.0, hours=2.0)), folder)
    return folder


def test_a_replay_writes_incidents_decisions_and_a_report(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, decisions, report = tmp_path / "i.jsonl", tmp_path / "d.jsonl", tmp_path / "r.json"
    code, told, _ = run(
        capsys, monkeypatch, "replay", site / "alerts.jsonl", site / "incidents.jsonl",
        "--topology", site / "topology.json", "--out", out, "--decisions", decisions, "--report", report,
    )  # fmt: skip
    assert code == 0
    made = json.loads(report.read_text())
    inputs = [json.loads(line) for line in (site / "alerts.jsonl").read_text().splitlines()]
    alerts = [record["id"] for record in inputs if record["kind"] == "alert"]
    placed = [json.loads(line) for line in decisions.read_text().splitlines()]
    incidents = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["id"] for line in placed] == alerts
    assert made["conserved"]
    assert sum(made["dispositions"].values()) == len(alerts)
    assert made["incidents"] == len(incidents) > 0
    assert {"grouping", "causes"} <= made["truth"].keys()
    assert made["truth"]["grouping"]["pairwise_f1"] > 0.3
    in_incidents = sorted(name for incident in incidents for name in incident["alerts"])
    assert in_incidents == sorted(line["id"] for line in placed if line["incident"])
    assert f"{len(alerts):,} alerts became" in told


def test_the_output_is_valid_input(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "i.jsonl"
    run(capsys, monkeypatch, "replay", site / "alerts.jsonl", "--out", out)
    code, told, _ = run(capsys, monkeypatch, "replay", site / "alerts.jsonl", out, "--strict", "--json")
    assert code == 0
    assert json.loads(told)["rejected"] == 0


def test_another_configuration_shows_what_it_changes(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.toml").write_text("[correlate]\nsensitivity = 0.02\n")
    command = ("replay", site / "alerts.jsonl", site / "incidents.jsonl", "--against", tmp_path / "other.toml")
    code, told, _ = run(capsys, monkeypatch, *command)
    assert code == 0
    assert "differences" in told
    assert "->" in told
    (tmp_path / "same.toml").write_text("")
    code, told, _ = run(capsys, monkeypatch, *command[:-1], tmp_path / "same.toml")
    assert "0 differences" in told


def test_rejected_lines_are_counted_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"kind":"alert","ts":1,"name":"N"}\nnope\n')
    code, told, _ = run(capsys, monkeypatch, "replay", path)
    assert code == 0
    assert "1 line was rejected" in told
    assert f"{path}:2" in told
    code, _, err = run(capsys, monkeypatch, "replay", path, "--strict")
    assert code == 2
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay",),
        ("replay", "absent.jsonl"),
        ("replay", "FILE", "--set", "correlate.sensitivity=2"),
        ("replay", "FILE", "--set", "correlate.colour=1"),
        ("replay", "FILE", "--set", "nonsense"),
        ("replay", "FILE", "--config", "absent.toml"),
        ("replay", "FILE", "--topology", "absent.json"),
        ("replay", "FILE", "--from", "1"),
        ("replay", "FILE", "--out", "/nowhere/at/all"),
        ("replay", "FILE", "--set", "causes.use=magic"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_two(
    tmp_path: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    write(path, [Alert(ts=1, name="N")])
    code, _, err = run(capsys, monkeypatch, *(str(path) if each == "FILE" else each for each in arguments))
    assert code == 2
    assert err.startswith("aiops: ")
    assert err.count("\n") == 1


def test_labelled_causes_are_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    records: list[Record] = [
        Alert(ts=10.0 * at, name=f"Cpu{at}", entity="db", severity="high", truth=Truth("one", True)) for at in range(5)
    ]
    records.append(Incident(id="one", root_cause=RootCause("db")))
    records.append(Incident(id="silent", root_cause=RootCause("web")))
    write(tmp_path / "a.jsonl", records)
    _, told, _ = run(capsys, monkeypatch, "replay", tmp_path / "a.jsonl", "--json")
    truth = json.loads(told)["truth"]
    assert truth["causes_given_grouping"]["cases"] == 2
    assert truth["causes_given_grouping"]["top1"] == 0.5


def test_what_was_learned_starts_another_replay_warm(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = tmp_path / "learned.json"
    run(capsys, monkeypatch, "replay", site / "alerts.jsonl", "--learned", learned)
    assert learned.stat().st_size > 100
    code, told, _ = run(capsys, monkeypatch, "replay", site / "alerts.jsonl", "--warm", learned, "--json")
    assert code == 0
    assert json.loads(told)["conserved"]
    (tmp_path / "other.json").write_text("{}")
    code, _, err = run(capsys, monkeypatch, "replay", site / "alerts.jsonl", "--warm", tmp_path / "other.json")
    assert code == 2
    assert "--learned" in err


def test_what_said_no_end_is_open_when_the_archive_ends() -> None:
    """Nobody saw that it lasted 24 hours: the archive has ten minutes."""
    start = 1_700_000_000.0
    fires = Alert(ts=start, name="Down", entity="db-1", severity="critical", starts_at=start)
    ended = Alert(ts=start + 60, name="Slow", entity="far-2", severity="critical", starts_at=start + 60)
    over = structs.replace(ended, ts=start + 200, status="resolved")
    silent = Alert(ts=start + 300, name="Odd", entity="other-3", severity="critical")
    watched: list[tuple[str, float]] = []
    engine = Engine()
    done = replay(
        [fires, ended, over, silent, Tick(ts=start + 600)], engine, lambda one: watched.append((one.change, one.at))
    )
    by_name = {(incident.title or "").split()[0]: incident for incident in done.incidents()}
    assert (by_name["Down"].status, by_name["Down"].resolved_at) == ("open", None)
    assert by_name["Down"].firing_count == 1
    assert "1 stream still firing" in by_name["Down"].explanation[0]
    assert (by_name["Slow"].status, by_name["Slow"].resolved_at) == ("resolved", start + 500)
    assert by_name["Odd"].status == "resolved", "what never says an end is over after the usual silence"
    assert max(at for _, at in watched) < start + 3_600
    assert done.ledger.changes["resolved"] == 2


def test_a_comparison_counts_pages_where_they_differ(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = '[[endpoints]]\nname = "pager"\ntype = "webhook"\n'
    (tmp_path / "a.toml").write_text(endpoint)
    (tmp_path / "b.toml").write_text(f"{endpoint}max_updates = 0\n")
    command = ("replay", site / "alerts.jsonl", "--config", tmp_path / "a.toml", "--against")
    code, told, _ = run(capsys, monkeypatch, *command, tmp_path / "b.toml")
    assert code == 0
    assert any(line.startswith("  pages: ") for line in told.splitlines())
    _, same, _ = run(capsys, monkeypatch, *command, tmp_path / "a.toml")
    assert "pages:" not in same
