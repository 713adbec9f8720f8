"""One replay of a sweep agrees with a plain replay, on a simulated archive with truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.app.engine import build_engine
from aiops.archive import Rejections, read
from aiops.backtest import make_report, replay
from aiops.records import Action, Alert, Truth
from aiops.records.decode import encode
from aiops.sweep.run import Source, Task, run, unpack
from aiops.sweep.settings import Base, settings_of
from aiops.topology import load_topology


def task(site: Path, value: str = "0.5", **options: object) -> Task:
    base = Base()
    _, settings = settings_of(base, [f"correlate.sensitivity={value}"])
    chosen = next(one for one in settings if one.label == value)
    files = (str(site / "alerts.jsonl"), str(site / "incidents.jsonl"))
    return Task(Source(files), base, chosen, str(site / "topology.json"), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["0.2", "0.5"])
def test_outcome_has_the_figures_of_a_plain_replay(site: Path, value: str) -> None:
    one = task(site, value, is_detailed=True)
    found = run(one)
    rejections, graph = Rejections(), load_topology(site / "topology.json")
    done = replay(read(one.source.files, rejections), build_engine(one.base.load(one.setting), graph))
    report = make_report(done, rejections, graph, done.incidents())
    assert report.truth is not None
    assert report.truth.grouping is not None
    assert found.grouping is not None
    assert found.grouping.f1 == pytest.approx(report.truth.grouping.pairwise_f1)
    assert found.grouping.precision == pytest.approx(report.truth.grouping.pairwise_precision)
    assert found.grouping.recall == pytest.approx(report.truth.grouping.pairwise_recall)
    assert found.incidents == report.incidents
    assert list(unpack(found.clusters)) == done.ledger.final_clusters()
    assert found.details is not None
    assert found.details[1].digest == report.digest


def test_pages_are_no_more_than_the_changes_and_open_each_incident_once(site: Path) -> None:
    found = run(task(site))
    opened = [page.incident for page in found.pages if page.change == "opened"]
    assert 0 < len(opened) == len(set(opened)) <= found.incidents + 5
    assert all(page.endpoint == "pager" for page in found.pages)
    assert found.endpoints == ["pager"]


def test_archive_without_labels_has_no_scores(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(encode(Alert(ts=float(at), name="Cpu", entity="db")) + b"\n" for at in range(3)))
    found = run(Task(Source((str(path),)), Base(), settings_of(Base(), ["correlate.sensitivity=.5"])[1][0]))
    assert (found.alerts, found.grouping, found.pairs) == (3, None, None)


def test_labels_that_name_no_incident_are_no_truth(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(encode(Alert(ts=1.0, name="Cpu", truth=Truth(None, False))) + b"\n")
    found = run(Task(Source((str(path),)), Base(), settings_of(Base(), ["correlate.sensitivity=.5"])[1][0]))
    assert found.grouping is None


def test_confirmed_groupings_are_located_in_the_input(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    alerts = [
        Alert(ts=float(at), id=f"a{at}", name=name, entity="db", severity="critical", source="test")
        for at, name in enumerate(["Cpu", "Memory", "Disk"])
    ]
    path.write_bytes(b"".join(encode(one) + b"\n" for one in alerts))
    plain = Task(
        Source((str(path),)), Base(), settings_of(Base(), ["correlate.sensitivity=.5"])[1][0], is_detailed=True
    )
    details = run(plain).details
    assert details is not None
    [incident] = details[0]
    action = Action(ts=9.0, verb="confirm_grouping", incident=incident.id, args={"wrong": "a2"})
    path.write_bytes(path.read_bytes() + encode(action) + b"\n")
    [judged] = run(plain).judged
    assert (judged.at, sorted(judged.right), judged.wrong) == (9.0, [0, 1], [2])
