"""A cut stays visible in the check of a trail, and a damaged trail is replaced openly or not at all."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from aiops.cli.trail_view import show_verdict
from aiops.errors import UsageError
from aiops.respond.anchors import Mark
from aiops.respond.audit import AuditError, Trail, verify
from aiops.respond.history import GLOBAL
from aiops.respond.trail_renewal import Renewal, renew
from tests.respond.bench import Bench, MemoryAnchor
from tests.respond.test_run_progress import Answers

Make = Callable[[], Bench]
STEP = {"kind": "http", "name": "restart", "url": "https://ops.example", "path": ["{{ host }}", "restart"]}


@pytest.fixture
def anchor() -> MemoryAnchor:
    return MemoryAnchor()


@pytest.fixture
def make(samples: SimpleNamespace, tmp_path: Path, anchor: MemoryAnchor) -> Iterator[Make]:
    made: list[Bench] = []

    def bench() -> Bench:
        playbook = samples.playbook(steps=[{**STEP, "expect": {"status": [200]}}])
        made.append(Bench(samples, tmp_path / "audit.jsonl", playbook, anchor=anchor))
        made[-1].runner._transport = Answers()
        return made[-1]

    yield bench
    for one in made:
        one.close()


def ran(make: Make) -> Bench:
    bench = make()
    bench.release()
    bench.approve()
    assert bench.run().state == "executed"
    bench.trail.close()
    return bench


def damage(path: Path) -> None:
    """Change a byte of the second line."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[1].replace(b"ann", b"eve"), *lines[2:]]))


def cut(path: Path, count: int) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:count]))


def begun_anew(path: Path, anchor: MemoryAnchor, **more: Any) -> Renewal:
    return renew(
        path, anchor.mark, **{"actor": "bob", "reason": "the disk flipped a bit", "now": 1_700_000_120.0, **more}
    )


def shown(path: Path, mark: Mark | None) -> str:
    out = io.StringIO()
    show_verdict(Console(file=out, width=400), verify(path, mark))
    return out.getvalue()


def test_a_cut_stays_a_problem_after_the_daemon_continued(make: Make, anchor: MemoryAnchor) -> None:
    path = ran(make).path
    cut(path, 3)
    bench = make()
    bench.engage("team:platform")
    bench.trail.close()
    verdict = verify(path, anchor.mark)
    assert "line 4 states that it was cut before: 4 of 7 lines are missing" in str(verdict.problem)
    assert verify(path).problem == verdict.problem, "also where nobody knows how long it must be"
    assert verdict.is_chained
    text = shown(path, anchor.mark)
    assert "not accepted" in text
    assert "aiops playbooks accept-trail" in text
    assert "intact" not in text


def test_a_cut_that_was_accepted_is_shown_with_its_person(make: Make, anchor: MemoryAnchor) -> None:
    path = ran(make).path
    cut(path, 3)
    bench = make()
    bench.runner.accept_trail("ann", bench.now, "restored from a backup")
    bench.trail.close()
    verdict = verify(path, anchor.mark)
    assert (verdict.problem, [one.accepted_by for one in verdict.breaks]) == (None, ["ann"])
    text = shown(path, anchor.mark)
    assert "continues after lines were lost" in text
    assert "accepted by ann: restored from a backup" in text
    assert "intact" not in text


def test_a_cut_names_the_switch_that_it_engaged(make: Make) -> None:
    cut(ran(make).path, 3)
    assert "the audit trail was cut: 4 of 7 lines" in make().runner.history.moved[GLOBAL].reason


def test_a_whole_trail_says_whether_its_end_was_compared(make: Make, anchor: MemoryAnchor) -> None:
    path = ran(make).path
    assert shown(path, anchor.mark).startswith("intact: 7 entries")
    assert "cannot be noticed without the store" in shown(path, None)
    assert "cannot be noticed" not in shown(path, anchor.mark)


def test_a_damaged_trail_is_kept_beside_the_new_one(make: Make, anchor: MemoryAnchor) -> None:
    path = ran(make).path
    damage(path)
    old = path.read_bytes()
    with pytest.raises(AuditError):
        make()
    assert "aiops playbooks new-trail" in shown(path, anchor.mark)
    done = begun_anew(path, anchor)
    assert Path(done.old).read_bytes() == old
    assert Path(done.old).name == "audit.jsonl.damaged-1"
    verdict = verify(path, anchor.mark)
    assert (verdict.problem, verdict.entries) == (None, 1)
    assert "accepted by bob: the disk flipped a bit" in shown(path, anchor.mark)
    bench = make()
    history = bench.runner.history
    assert history.switches == {GLOBAL: True}
    assert "begun anew: the disk flipped a bit" in history.moved[GLOBAL].reason
    assert (history.moved[GLOBAL].actor, history.gap is not None and history.gap.accepted) == ("bob", True)
    assert bench.kinds() == ["renewed"], "no false alarm about the lines of the old one"
    assert anchor.mark is not None
    assert anchor.mark.entries == 1
    bench.release()
    bench.trail.close()
    damage(path)
    assert Path(begun_anew(path, anchor).old).name == "audit.jsonl.damaged-2"


def test_the_lost_content_counts_as_unknown(make: Make, anchor: MemoryAnchor) -> None:
    path = ran(make).path
    damage(path)
    bench = make_after(make, path, anchor)
    bench.release()
    refused = {check.guard: check.code for check in bench.plan().checks if check.state == "refused"}
    assert refused["repeated"] == "trail_gap"
    assert {"cooldown", "rate"} <= set(refused)


def make_after(make: Make, path: Path, anchor: MemoryAnchor) -> Bench:
    begun_anew(path, anchor)
    return make()


def test_switches_and_runs_of_the_old_trail_are_named(make: Make, anchor: MemoryAnchor) -> None:
    """Those of the lines before the damage, and the switches of the anchor."""
    path = ran(make).path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:5], b"{}\n", *lines[5:]]))
    assert anchor.mark is not None
    anchor.mark = Mark(anchor.mark.entries, anchor.mark.head, anchor.mark.at, ("team:platform",))
    done = begun_anew(path, anchor)
    assert len(done.under_way) == 1
    assert "restart-worker for i1" in done.under_way[0]
    assert make().runner.history.switches == {GLOBAL: True, "team:platform": True}


def test_a_new_trail_for_another_anchor_is_a_cut(make: Make, anchor: MemoryAnchor) -> None:
    """A new trail cannot be forged for a store that went on, nor be used twice."""
    path = ran(make).path
    damage(path)
    begun_anew(path, anchor)
    assert anchor.mark is not None
    anchor.mark = Mark(anchor.mark.entries + 1, "other", anchor.mark.at)
    assert "lines are missing" in str(verify(path, anchor.mark).problem)
    gap = make().runner.history.gap
    assert gap is not None
    assert not gap.accepted


@pytest.mark.parametrize("more", [{"actor": ""}, {"reason": ""}])
def test_a_new_trail_needs_a_person_and_a_reason(make: Make, anchor: MemoryAnchor, more: dict[str, str]) -> None:
    path = ran(make).path
    damage(path)
    with pytest.raises(UsageError, match="needs the name of the person"):
        begun_anew(path, anchor, **more)
    assert not list(path.parent.glob("*.damaged-*"))


def test_a_trail_that_is_not_damaged_is_not_replaced(make: Make, anchor: MemoryAnchor) -> None:
    path = ran(make).path
    with pytest.raises(UsageError, match="continue each other"):
        begun_anew(path, anchor)
    cut(path, 3)
    with pytest.raises(UsageError, match="accept-trail"):
        begun_anew(path, anchor)
    path.unlink()
    with pytest.raises(UsageError, match="no damaged audit trail"):
        begun_anew(path, anchor)


def test_a_trail_that_is_open_is_not_replaced(make: Make, anchor: MemoryAnchor) -> None:
    path = ran(make).path
    trail = Trail(path, anchor)
    damage(path)
    with pytest.raises(UsageError, match="a daemon has this audit trail open"):
        begun_anew(path, anchor)
    trail.close()


@pytest.mark.parametrize("number", [1, 2])
def test_a_crash_leaves_one_of_the_two_trails(
    make: Make, anchor: MemoryAnchor, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = ran(make).path
    damage(path)
    old, calls = path.read_bytes(), iter(range(1, 9))

    def dying(file: int) -> None:
        if next(calls) == number:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", dying)
    with pytest.raises(KeyboardInterrupt):
        begun_anew(path, anchor)
    monkeypatch.undo()
    if path.read_bytes() == old:
        begun_anew(path, anchor)
    assert verify(path, anchor.mark).problem is None
    assert verify(path).entries == 1
    assert any(one.read_bytes() == old for one in path.parent.glob("*.damaged-*"))
