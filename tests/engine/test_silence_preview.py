"""What a silence would match now."""

from __future__ import annotations

import pytest

from aiops.engine.engine import Engine
from aiops.engine.silence_preview import MAX_EXAMPLES, MAX_WINDOWS, preview, windows
from aiops.engine.silences.actions import parse_silence
from aiops.engine.silences.silences import Silence
from aiops.records import Action, Alert

T0 = 1_795_000_000.0


def silence(matchers: str = "service=db", **args: str) -> Silence:
    return parse_silence(
        Action(ts=T0, verb="silence", id="s", args={"matchers": matchers, "until": str(T0 + 3_600), **args})
    )


@pytest.fixture
def engine() -> Engine:
    found = Engine()
    found.step(
        [
            Alert(ts=T0 + turn + n / 10, name=name, entity=f"db-{n}", service="db", severity="critical")
            for turn in range(3)
            for n, name in enumerate(("DiskFull", "DiskSlow", "DbDown"))
        ]
    )
    found.step([Alert(ts=T0 + 4, name="Idle", entity="web-1", service="web", severity="info")])
    return found


def test_streams_incidents_and_examples_are_those_that_match(engine: Engine) -> None:
    found = preview(engine, silence(), T0 + 5)
    assert (found.streams, found.firing, found.incidents) == (3, 3, 1)
    assert sorted(found.examples) == ["DbDown on db-2", "DiskFull on db-0", "DiskSlow on db-1"]
    assert str(found) == "matches 3 streams of the last 15 min (3 firing now, in 1 open incident)"


@pytest.mark.parametrize(
    ("matchers", "streams"),
    [
        ("alertname=DiskFull", 1),
        ('alertname=~"Disk.*"', 2),
        ("entity=web-1", 1),
        ("service=gone", 0),
        ("severity=critical", 3),
    ],
)
def test_matchers_select(engine: Engine, matchers: str, streams: int) -> None:
    assert preview(engine, silence(matchers), T0 + 5).streams == streams


def test_resolved_streams_match_but_do_not_fire(engine: Engine) -> None:
    engine.step(
        [Alert(ts=T0 + 6, name="DiskFull", entity="db-0", service="db", severity="critical", status="resolved")]
    )
    found = preview(engine, silence(), T0 + 7)
    assert (found.streams, found.firing) == (3, 2)
    assert found.examples[-1] == "DiskFull on db-0", "firing ones come first"
    later = preview(engine, silence(), T0 + 6 + 901)
    assert (later.streams, later.firing) == (2, 2), "what ended longer ago is not counted"


def test_examples_are_bounded() -> None:
    engine = Engine()
    engine.step([Alert(ts=T0 + n, name=f"A{n}", entity="e", service="db", severity="info") for n in range(50)])
    found = preview(engine, silence(), T0 + 60)
    assert (found.streams, len(found.examples)) == (50, MAX_EXAMPLES)


def test_preview_changes_nothing(engine: Engine) -> None:
    before = engine.snapshot()
    preview(engine, silence(), T0 + 5)
    assert engine.snapshot() == before


def test_window_is_its_own_until_it_is_over() -> None:
    once = silence()
    assert [(one.start, one.end) for one in windows(once, T0)] == [(T0, T0 + 3_600)]
    assert windows(once, T0 + 3_600) == []


def test_recurring_windows_are_listed_from_the_present_one_on() -> None:
    found = windows(silence(every="day"), T0 + 10)
    assert len(found) == MAX_WINDOWS
    assert (found[0].start, found[0].end) == (T0, T0 + 3_600)
    assert [one.start - found[0].start for one in found] == [0.0, 86_400.0, 2 * 86_400.0]
