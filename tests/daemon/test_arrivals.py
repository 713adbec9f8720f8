"""What arrives is counted by minute, source and tool, within bounds."""

from __future__ import annotations

from aiops.daemon.arrivals import MAX_NAMES, MINUTES, OTHERS, Arrivals
from aiops.ports import DeadLetter, Position, Received
from aiops.records import Alert, Change, Record

NOW = 1_800_000_030.0


def batch(*tools: str | None, source: str = "http", rejected: int = 0) -> Received:
    records: list[Record] = [Alert(ts=NOW, name="x", source=tool) for tool in tools]
    return Received(records, source=source, rejected=[DeadLetter(source, "$", "broken")] * rejected)


def test_alerts_are_counted_in_their_minute() -> None:
    arrivals = Arrivals()
    arrivals.count([batch("prometheus", "prometheus")], NOW)
    arrivals.count([batch("zabbix")], NOW + 60)
    found = arrivals.alerts(NOW + 60)
    assert (found.count, found.minutes[-2:], len(found.minutes)) == (3, [2, 1], MINUTES)
    assert found.last_at == NOW + 60
    assert arrivals.alerts(NOW + 60 * (MINUTES + 1)).minutes == [0] * MINUTES


def test_tools_are_sorted_by_their_alerts() -> None:
    arrivals = Arrivals()
    arrivals.count([batch("zabbix", "prometheus", "prometheus")], NOW)
    assert [(one.name, one.count) for one in arrivals.tools(NOW)] == [("prometheus", 2), ("zabbix", 1)]


def test_an_alert_without_a_tool_counts_for_its_source() -> None:
    arrivals = Arrivals()
    arrivals.count([batch(None, source="kafka")], NOW)
    assert [one.name for one in arrivals.tools(NOW)] == ["kafka"]


def test_a_source_counts_every_record_and_what_it_rejected() -> None:
    arrivals = Arrivals()
    received = Received([Change(ts=NOW, entity="a", name="deploy")], Position("topic", {"0": 1}))
    arrivals.count([received, batch("zabbix", rejected=2)], NOW)
    assert [(one.name, one.count, one.rejected) for one in arrivals.sources(NOW)] == [("topic", 1, 0), ("http", 1, 2)]
    assert arrivals.alerts(NOW).count == 1


def test_names_from_payloads_are_bounded() -> None:
    arrivals = Arrivals()
    arrivals.count([batch(*(f"tool-{number}" for number in range(MAX_NAMES + 50)))], NOW)
    found = {one.name: one.count for one in arrivals.tools(NOW)}
    assert len(found) == MAX_NAMES + 1
    assert found[OTHERS] == 50


def test_minutes_stay_bounded_while_the_clock_jumps() -> None:
    arrivals = Arrivals()
    for step in (*range(200), -5_000, 7_000):
        arrivals.count([batch("zabbix")], NOW + 60 * step)
    [tool] = arrivals.tools(NOW + 60 * 7_000)
    assert (tool.minutes[-1], sum(tool.minutes), tool.count) == (1, 1, 202)
