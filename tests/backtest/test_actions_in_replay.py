"""A replay reports the operator actions that did not apply."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aiops.archive import write
from aiops.cli import main
from aiops.records import Action, Alert, Record


def test_actions_that_did_not_apply_are_counted_and_printed_with_their_reasons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    records: list[Record] = [
        Alert(ts=1000.0, name="DiskFull", entity="db", severity="critical", id="a1"),
        Action(ts=1010.0, verb="acknowledge", incident="inc-gone", id="act-1"),
        Action(
            ts=1011.0, verb="silence", id="act-2",
            args={"id": "s", "until": "5000", "matchers": '[{"label":"env","op":"=","value":"test"}]'},
        ),
        Action(ts=1012.0, verb="confirm_cause", incident="inc-gone", entity="db", id="act-3"),
    ]  # fmt: skip
    archive, report = tmp_path / "a.jsonl", tmp_path / "r.json"
    write(archive, records)
    monkeypatch.setattr("sys.argv", ["aiops", "replay", str(archive), "--report", str(report)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    made = json.loads(report.read_text())
    assert made["actions"] == {"applied": 1, "refused": 2}
    assert [text.split(":")[0] for text in made["refused_actions"]] == ["acknowledge act-1", "confirm_cause act-3"]
    assert all("inc-gone" in text for text in made["refused_actions"])
    told = capsys.readouterr().out
    assert "2 actions did not apply" in told
    assert "confirm_cause act-3" in told


def test_truth_between_the_alerts_renames_no_incident(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts, truth = tmp_path / "alerts.jsonl", tmp_path / "incidents.jsonl"
    lines = [
        {"kind": "alert", "ts": 1000 + 3600 * n, "name": f"F{n}", "entity": f"e{n}", "severity": "critical"}
        for n in range(3)
    ]
    alerts.write_text("".join(json.dumps(line) + "\n" for line in lines))
    truth.write_text('{"kind": "incident", "id": "t-1", "opened_at": 900}\n')
    found = []
    for number, files in enumerate(([alerts], [truth, alerts])):
        out = tmp_path / f"out{number}.jsonl"
        monkeypatch.setattr("sys.argv", ["aiops", "replay", *map(str, files), "--out", str(out), "--json"])
        with pytest.raises(SystemExit):
            main()
        found.append([json.loads(line)["id"] for line in out.read_text().splitlines()])
    assert found[0] == found[1]
    assert len(found[0]) == 3
