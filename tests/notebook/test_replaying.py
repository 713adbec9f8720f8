"""`aiops.replay` decides what the command line decides, whatever its input comes from."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

import aiops
from aiops.app import engine as app_engine
from aiops.cli.app import app
from aiops.engine.engine import Engine
from aiops.journal import Meta, Writer
from aiops.journal.frame import encode_lines
from aiops.notebook import replaying
from aiops.records.decode import decode, encode, format_time


def command(folder: Path, *arguments: str) -> dict[str, Any]:
    """The report of `aiops replay`; incidents.jsonl and decisions.jsonl lie in `folder` then."""
    folder.mkdir(exist_ok=True)
    files = ["--out", str(folder / "incidents.jsonl"), "--decisions", str(folder / "decisions.jsonl"), "--json"]
    done = CliRunner().invoke(app, ["replay", *arguments, *files])
    assert done.exit_code == 0, done.output
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def untimed(report: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name not in ("seconds", "alerts_per_second")}


@pytest.mark.parametrize("sensitivity", [None, 0.9])
def test_the_command_line_gives_the_same(folder: Path, tmp_path: Path, sensitivity: float | None) -> None:
    alerts, truth, topology = (folder / name for name in ("alerts.jsonl", "incidents.jsonl", "topology.json"))
    sets = ["--set", f"correlate.sensitivity={sensitivity}"] if sensitivity is not None else []
    report = command(tmp_path / "a", str(alerts), str(truth), "--topology", str(topology), *sets)
    settings = {"correlate.sensitivity": sensitivity} if sensitivity is not None else None
    result = aiops.replay([alerts, str(truth)], topology=topology, settings=settings)
    assert result.digest == report["digest"]
    assert untimed(result.report) == untimed(report)
    result.save(tmp_path / "b")
    for name in ("incidents.jsonl", "decisions.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert untimed(json.loads((tmp_path / "b" / "report.json").read_text())) == untimed(report)


def records_of(folder: Path) -> list[Any]:
    return [decode(line) for line in (folder / "alerts.jsonl").read_bytes().splitlines()]


FORMS: dict[str, Callable[[Path, Path], Any]] = {
    "path as text": lambda folder, _: str(folder / "alerts.jsonl"),
    "one path in a list": lambda folder, _: [folder / "alerts.jsonl"],
    "gzip": lambda folder, scratch: _zipped(folder, scratch),
    "records": lambda folder, _: records_of(folder),
    "generator": lambda folder, _: (record for record in records_of(folder)),
    "mappings": lambda folder, _: [json.loads(encode(record)) for record in records_of(folder)],
}


def _zipped(folder: Path, scratch: Path) -> Path:
    path = scratch / "alerts.jsonl.gz"
    path.write_bytes(gzip.compress((folder / "alerts.jsonl").read_bytes()))
    return path


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_input_give_the_same(form: str, folder: Path, tmp_path: Path) -> None:
    topology = folder / "topology.json"
    expected = aiops.replay(folder / "alerts.jsonl", topology=topology)
    found = aiops.replay(FORMS[form](folder, tmp_path), topology=topology)
    assert found.digest == expected.digest
    assert untimed(found.report) == untimed(expected.report)


def test_a_frame_of_alerts_gives_the_same_incidents_again(folder: Path) -> None:
    """Without changes and actions, which a frame of alerts does not have."""
    alerts = [record for record in records_of(folder) if isinstance(record, aiops.Alert)]
    # Times that are no whole microseconds, as clocks give them.
    for place, alert in enumerate(alerts):
        alert.ts += place * 1.3e-7
    first = aiops.replay(alerts, topology=folder / "topology.json")
    again = aiops.replay(first.alerts, topology=folder / "topology.json")
    assert again.digest == first.digest
    assert again.report["truth"] == first.report["truth"]
    assert len(first.alerts) == len(alerts)


@pytest.fixture(scope="module")
def journal(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal that holds the archive, in frames of a hundred records."""
    directory = tmp_path_factory.mktemp("state") / "journal"
    records = records_of(folder)
    writer = Writer(directory)
    for start in range(0, len(records), 100):
        frame = records[start : start + 100]
        writer.append(frame, encode_lines(frame), Meta())
    writer.close()
    return directory


def test_a_journal_gives_what_the_command_line_gives(journal: Path, folder: Path, tmp_path: Path) -> None:
    report = command(tmp_path / "a", "--journal", str(journal), "--topology", str(folder / "topology.json"))
    result = aiops.replay(journal, topology=folder / "topology.json")
    assert result.digest == report["digest"]
    assert result.digest == aiops.replay(folder / "alerts.jsonl", topology=folder / "topology.json").digest


@pytest.mark.parametrize("form", [str, lambda at: at, lambda at: datetime.fromtimestamp(at, UTC)])
def test_a_stretch_of_a_journal(journal: Path, folder: Path, tmp_path: Path, form: Callable[[float], Any]) -> None:
    times = [record.ts for record in records_of(folder)]
    since, until = (round(times[place]) + 0.5 for place in (len(times) // 4, len(times) // 2))
    if form is str:
        form = format_time
    report = command(tmp_path / "a", "--journal", str(journal), "--from", str(since), "--to", str(until))
    result = aiops.replay(str(journal), since=form(since), until=form(until))
    assert result.digest == report["digest"]
    assert 0 < len(result.alerts) < len(times) / 2


def test_a_stretch_is_one_of_a_journal(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(aiops.UsageError, match="since, until: expected the folder of a journal"):
        aiops.replay(folder / "alerts.jsonl", since=0)
    with pytest.raises(aiops.UsageError, match=r"got no segment in it\); name archives as files"):
        aiops.replay(folder)


def test_topology_may_be_made_by_the_program(folder: Path) -> None:
    path = folder / "topology.json"
    plain = json.loads(path.read_text())
    digests = {
        aiops.replay(folder / "alerts.jsonl", topology=topology).digest
        for topology in (path, str(path), aiops.load_topology(path), aiops.load_topology(str(path)), plain)
    }
    assert len(digests) == 1
    assert aiops.replay(folder / "alerts.jsonl").digest not in digests


def test_a_configuration_file_lies_below_the_settings(folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "aiops.toml"
    config.write_text(f'topology = "{folder / "topology.json"}"\n[correlate]\nsensitivity = 0.3\n')
    from_file = aiops.replay(folder / "alerts.jsonl", config=config)
    assert from_file.report["sensitivity"] == 0.3
    assert (
        from_file.digest
        == aiops.replay(
            folder / "alerts.jsonl", topology=folder / "topology.json", settings={"correlate.sensitivity": 0.3}
        ).digest
    )
    over = aiops.replay(folder / "alerts.jsonl", config=str(config), settings={"correlate.sensitivity": 0.6})
    assert over.report["sensitivity"] == 0.6


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"correlate.sensitivity": 2}, r"settings: Expected `float` < 1.0 - at `\$.correlate.sensitivity`"),
        ({"correlate.sensitivity": "high"}, r"Expected `float`, got `str` - at `\$.correlate.sensitivity`"),
        ({"correlate.eagerness": 1}, "unknown field `eagerness`.*see `aiops config keys`"),
        ({"correlate": 1}, r"Expected `object`, got `int` - at `\$.correlate`"),
        ({"correlate.sensitivity": 0.5, "correlate.sensitivity.x": 1}, "sensitivity is a value, not a section"),
        ({"": 1}, r"settings\[''\]: expected section.key"),
        ({4: 1}, "expected keys like 'correlate.sensitivity'.*got 4"),
    ],
)
def test_wrong_settings_are_refused_as_those_of_the_command_line(settings: Any, text: str) -> None:
    with pytest.raises(aiops.UsageError, match=text):
        aiops.replay([], settings=settings)


def test_numbers_of_numpy_are_settings() -> None:
    np = pytest.importorskip("numpy")
    found = [aiops.replay([], settings={"correlate.sensitivity": one}) for one in np.linspace(0.2, 0.8, 3)]
    assert [one.report["sensitivity"] for one in found] == pytest.approx([0.2, 0.5, 0.8])


def test_rejected_lines_are_in_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"kind":"alert","ts":1,"name":"a","severity":"high"}\nnot JSON\n{"kind":"alert","name":"b"}\n')
    result = aiops.replay(path)
    assert result.rejected[["line", "field"]].values.tolist() == [[2, "$"], [3, "$"]]
    assert result.report["rejected"] == 2
    assert repr(result) == "<aiops.Result: 1 alert → 1 incident (1 high), 2 lines rejected>"
    with pytest.raises(aiops.UsageError, match=r"alerts.jsonl:2: .*strict"):
        aiops.replay(path, strict=True)


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(aiops.UsageError, match="No such file"):
        aiops.replay(tmp_path / "none.jsonl")
    with pytest.raises(aiops.UsageError, match="No such file"):
        aiops.replay([], topology=tmp_path / "none.json")
    with pytest.raises(aiops.UsageError, match="No such file"):
        aiops.replay([], config=tmp_path / "none.toml")
    with pytest.raises(aiops.UsageError, match=r"topology: .*`nodes`"):
        aiops.replay([], topology={"edges": []})


def test_a_record_that_the_engine_cannot_process_is_set_aside_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    build = app_engine.build_engine

    def fragile(*arguments: Any) -> Engine:
        engine = build(*arguments)
        step = engine.step

        def failing(batch: Any) -> Any:
            found = []
            for record in batch:
                if getattr(record, "name", "") == "Poison":
                    engine.seq += 1
                    raise ValueError("no place for it")
                found += step([record])
            return found

        monkeypatch.setattr(engine, "step", failing)
        return engine

    monkeypatch.setattr(replaying, "build_engine", fragile)
    alerts = [{"ts": at, "name": "Poison" if at == 2 else "DiskFull", "severity": "high"} for at in range(4)]
    with pytest.warns(RuntimeWarning, match=r"record 2 \(records:3\).*no place for it; it was set aside") as caught:
        result = aiops.replay(alerts)
    assert Path(caught[0].filename) == Path(__file__)
    assert result.alerts["disposition"].tolist()[2] == "rejected"
    assert result.alerts["reason"][2] == "ValueError: no place for it"
    assert result.alerts["name"].isna().tolist() == [False, False, True, False]
    assert result.report["conserved"]


def test_the_input_is_left_as_it_was() -> None:
    alert = aiops.Alert(ts=1.0, name="DiskFull", severity="high")
    before = msgspec.json.encode(alert)
    aiops.replay([alert])
    assert msgspec.json.encode(alert) == before


def test_nothing_gives_an_empty_result() -> None:
    def nothing() -> Iterator[aiops.Alert]:
        yield from ()

    result = aiops.replay(nothing())
    assert repr(result) == "<aiops.Result: 0 alerts → 0 incidents>"
    assert [len(frame) for frame in (result.incidents, result.alerts, result.members, result.causes)] == [0] * 4
    assert "0 alerts became 0 incidents" in result.plot_timeline().svg
