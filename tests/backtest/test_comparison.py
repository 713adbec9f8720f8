"""Two replays side by side: what is the same, what was joined or split, and which numbers moved."""

from __future__ import annotations

from hashlib import sha256

import pytest

from aiops.archive import Rejections
from aiops.backtest import Report, compare, incident_lines, make_report, replay
from aiops.engine.engine import Engine
from aiops.records import Alert, Cause, Incident
from aiops.records.decode import decode
from aiops.topology import Topology


def incident(name: str, *alerts: str, severity: str = "high", cause: str | None = None) -> Incident:
    causes = [Cause(cause)] if cause else []
    return Incident(id=name, alerts=list(alerts), severity=severity, title=name.title(), causes=causes)


def report(*found: Incident) -> Report:
    done = replay([], Engine())
    return make_report(done, Rejections(), Topology(), list(found))


def kinds(before: list[Incident], after: list[Incident]) -> list[tuple[str, list[str], list[str], int]]:
    found = compare(before, after, report(*before), report(*after))
    return [(each.kind, each.before, each.after, each.alerts) for each in found.differences]


def test_equal_replays_differ_in_nothing() -> None:
    both = [incident("a", "1", "2"), incident("b", "3")]
    found = compare(both, both, report(*both), report(*both))
    assert (found.same, found.differences, found.scores) == (2, [], {})


def test_exact_copy_that_came_later_links_no_incidents() -> None:
    both = [incident("a", "1", "2"), incident("b", "2", "3")]
    found = compare(both, both, report(*both), report(*both))
    assert (found.same, found.differences) == (2, [])


def test_incidents_that_were_joined() -> None:
    before = [incident("a", "1", "2"), incident("b", "3")]
    assert kinds(before, [incident("x", "1", "2", "3")]) == [("joined", ["a", "b"], ["x"], 3)]


def test_an_incident_that_was_split() -> None:
    after = [incident("x", "1"), incident("y", "2", "3")]
    assert kinds([incident("a", "1", "2", "3")], after) == [("split", ["a"], ["x", "y"], 3)]


@pytest.mark.parametrize(
    "other",
    [incident("x", "1"), incident("x", "1", "2", severity="critical"), incident("x", "1", "2", cause="db")],
    ids=["alerts", "severity", "first cause"],
)
def test_an_incident_that_changed(other: Incident) -> None:
    assert kinds([incident("a", "1", "2")], [other]) == [("changed", ["a"], ["x"], len(other.alerts))]


def test_incidents_that_are_gone_or_new() -> None:
    found = kinds([incident("a", "1", "2")], [incident("x", "3")])
    assert [each[:3] for each in found] == [("only_before", ["a"], []), ("only_after", [], ["x"])]


def test_numbers_that_moved_are_told_with_both_values() -> None:
    one, two = [incident("a", "1")], [incident("x", "1"), incident("y", "2")]
    assert compare(one, two, report(*one), report(*two)).scores["incidents"] == (1, 2)


def test_the_digest_of_a_report_is_that_of_the_incidents_written() -> None:
    alerts = [
        Alert(ts=1_772_400_000.0 + n, id=f"a{n}", name=name, severity="critical", entity="checkout")
        for n, name in enumerate(("Errors", "Latency", "Down"))
    ]
    done = replay(alerts, Engine())
    incidents = done.incidents()
    lines = list(incident_lines(incidents))
    assert [decode(line.rstrip()) for line in lines] == incidents
    made = make_report(done, Rejections(), Topology(), incidents)
    assert made.digest == sha256(b"".join(lines)).hexdigest()
    assert made.conserved
    assert sum(made.dispositions.values()) == made.records["alert"] == 3
    assert made.incidents == len(incidents) > 0
