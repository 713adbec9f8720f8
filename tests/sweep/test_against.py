"""Two replays side by side: what changes for the pager comes first, and everything is bounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.archive import write
from aiops.records import Alert, Record, Truth
from aiops.sweep import against as against_module
from aiops.sweep.against import against
from aiops.sweep.run import Outcome, Source, Task, run
from aiops.sweep.settings import Base, Setting
from aiops.views.replay import Compared

NOW = 1_800_000_000.0


def archive(path: Path, *, labelled: bool = False) -> Path:
    """Ten services that fail together by twos, in five bursts."""
    records: list[Record] = []
    for burst in range(5):
        for number in range(12):
            service = f"svc-{2 * burst + number % 2}"
            truth = Truth(incident=f"fault-{burst}") if labelled else None
            records.append(
                Alert(
                    ts=NOW + 7_200 * burst + 5 * number,
                    id=f"a-{burst}-{number}",
                    name=f"{'High' if number % 2 else 'Error'}{number % 3}",
                    entity=f"{service}-{number % 4}",
                    service=service,
                    severity="critical" if number % 3 else "warning",
                    truth=truth,
                )
            )
    write(path / "a.jsonl", records)
    return path / "a.jsonl"


def outcome(path: Path, **changes: str) -> Outcome:
    assignments = tuple((key.replace("__", "."), value) for key, value in changes.items())
    return run(Task(Source((str(path),)), Base(plain={}), Setting(assignments, ("x",)), is_detailed=True))


def compared(path: Path, **changes: str) -> Compared:
    return against(outcome(path), outcome(path, **changes))


def test_equal_settings_change_nothing(tmp_path: Path) -> None:
    found = compared(archive(tmp_path))
    assert (found.verdict.tone, found.changed, found.before) == ("same", [], found.after)
    assert found.same == found.before.incidents > 0
    assert found.before.pages == len(found.before.rings) == sum(found.before.by_severity.values())
    assert found.began_at == NOW


def test_a_policy_changes_pages_of_the_same_incidents(tmp_path: Path) -> None:
    found = compared(archive(tmp_path), endpoints__pager__max_updates="0")
    assert found.after.pages < found.before.pages
    assert {(one.kind, one.pages) for one in found.changed} == {("paged", True)}
    for one in found.changed:
        more = one.after[0].pages - one.before[0].pages
        assert one.tags == [f"{more:+,} {'page' if abs(more) == 1 else 'pages'}"]
    assert found.same + len(found.changed) == found.before.incidents


def test_incidents_that_are_gone_are_listed_with_their_cause_and_size(tmp_path: Path) -> None:
    found = compared(archive(tmp_path), correlate__sensitivity="0.001")
    assert found.changed
    assert sorted((one.pages for one in found.changed), reverse=True) == [one.pages for one in found.changed]
    for one in found.changed:
        assert one.tags
        assert all(brief.alerts > 0 for brief in (*one.before, *one.after))


def test_labels_give_scores_and_few_of_them_a_warning(tmp_path: Path) -> None:
    found = compared(archive(tmp_path, labelled=True))
    assert found.faults == 5
    assert "Grouping, F1" in {score.name for score in found.scores}
    assert "5 labelled faults are few: one fault is 20 points." in found.notes


def test_long_lists_are_cut_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(against_module, "MAX_CHANGED", 1)
    monkeypatch.setattr(against_module, "MAX_RINGS", 1)
    found = compared(archive(tmp_path), endpoints__pager__max_updates="0")
    assert len(found.changed) == 1
    assert found.left_out == found.before.incidents - found.same - 1
    assert len(found.before.rings) == 1
    assert found.before.pages > 1
