"""Mappings that use others: by content, header, topic and query; inside envelopes; included; by paths of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.mapping.mapping import Mapping, load_mapping
from aiops_connectors.mapping.origin import Origin
from aiops_connectors.workbench.samples import NOW

from aiops.errors import UsageError
from aiops.records import Alert

HEAD = "apiVersion: aiops/v1\nkind: Mapping\nname: {name}\nsummary: Own.\nrules:\n"
SHOP = (
    HEAD.format(name="shop") + "  - when: [{path: order, present: true}]\n    name: order\n    status: {value: down}\n"
)
GRAFANA = {"status": "firing", "alerts": [{"status": "firing", "labels": {"alertname": "Down", "host": "w1"}}]}


def written(folder: Path, rules: str, name: str = "hub") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(HEAD.format(name=name) + rules)
    return path


def alerts(mapping: Mapping, payload: Any, headers: Any = None, origin: Origin | None = None) -> list[Alert]:
    records, problems = mapping.apply(payload, headers or {}, None, NOW, origin or Origin())
    assert [problem for problem in problems if not problem.warning] == []
    return [record for record in records if isinstance(record, Alert)]


def test_another_mapping_is_chosen_by_header_topic_query_and_content(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "shop.yaml").write_text(SHOP)
    rules = """
  - {when: [{path: '@headers.x-tool', is: [grafana]}], use: grafana}
  - {when: [{path: '@topic', matches: '^prom-'}], use: alertmanager}
  - {when: [{path: '@query.tool', is: [shop]}], use: own/shop.yaml}
  - {when: [{path: '@method', is: [PUT]}], name: order, status: {value: up}}
  - {when: [{path: order, present: true}], use: own/shop.yaml}
"""
    mapping = load_mapping(written(tmp_path, rules))
    assert alerts(mapping, GRAFANA, {"x-tool": "Grafana"})[0].source == "grafana"
    assert alerts(mapping, GRAFANA, None, Origin(topic="prom-eu"))[0].source == "alertmanager"
    assert alerts(mapping, {"order": "7"}, None, Origin("POST", {"tool": "shop"}))[0].source == "shop"
    assert alerts(mapping, {"order": "7"}, None, Origin("PUT"))[0].status == "resolved"
    assert alerts(mapping, {"order": "7"})[0].source == "shop"


def test_what_is_inside_an_envelope_is_of_another_mapping(tmp_path: Path) -> None:
    path = written(tmp_path, "  - {when: [{path: body, present: true}], again: body, use: grafana}\n")
    [alert] = alerts(
        load_mapping(path), {"body": '{"alerts": [{"status": "firing", "labels": {"alertname": "Down"}}]}'}
    )
    assert (alert.source, alert.name) == ("grafana", "Down")


def test_each_item_is_of_another_mapping(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    mapping = load_mapping(written(tmp_path, "  - {items: events, use: shop.yaml}\n"))
    assert [alert.name for alert in alerts(mapping, {"events": [{"order": "1"}, {"order": "2"}]})] == ["1", "2"]
    _, problems = mapping.apply({"events": [{"other": 1}]}, {}, None, NOW)
    assert problems[0].place == "$.events[0]"
    assert "shop" in problems[0].reason


def test_included_rules_are_under_the_name_of_the_includer(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    rules = "  - {when: [{path: kind, is: [order]}], include: shop.yaml}\n  - {name: title, status: {value: down}}\n"
    mapping = load_mapping(written(tmp_path, rules))
    [first] = alerts(mapping, {"kind": "order", "order": "7", "title": "t"})
    [second] = alerts(mapping, {"kind": "other", "order": "7", "title": "t"})
    assert (first.source, first.name, second.name) == ("hub", "7", "t")


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ("  - {use: hub.yaml}\n", "a mapping cannot use itself"),
        ("  - {include: two.yaml}\n", "a mapping cannot use itself"),
        ("  - {use: nothing}\n", "expected a .yaml file or one of"),
        ("  - {use: lost.yaml}\n", "lost.yaml: cannot be read"),
        ("  - {include: grafana, name: title}\n", "expected no other field than `when`"),
        ("  - {name: title, zone: Mars/Base}\n", "unknown time zone"),
        ("  - {name: title, zone: '+99:00'}\n", "expected a name such as Europe/Berlin"),
    ],
)
def test_a_composition_that_cannot_be_is_refused(tmp_path: Path, rules: str, reason: str) -> None:
    written(tmp_path, "  - {use: hub.yaml}\n", "two")
    if "zone" in rules:
        rules = rules.replace("name: title", "name: title, ts: time")
    with pytest.raises(UsageError, match=reason):
        load_mapping(written(tmp_path, rules))


def test_local_times_are_of_the_zone_that_is_stated(tmp_path: Path) -> None:
    rules = (
        "  - {name: title, status: {value: down}, starts_at: {join: [day, time]}, time_formats: ['%d.%m.%Y %H:%M']}\n"
    )
    payload = {"title": "a", "day": "01.03.2026", "time": "11:00"}
    path = written(tmp_path, rules)
    noon = 1_772_359_200.0  # 10:00 UTC
    assert alerts(load_mapping(path), payload)[0].starts_at == noon + 3_600
    assert alerts(load_mapping(path, zone="Europe/Berlin"), payload)[0].starts_at == noon
    assert alerts(load_mapping(path, zone="+01:00"), payload)[0].starts_at == noon
    fixed = written(tmp_path, rules.replace("{name", "{zone: '-05:00', name"))
    assert alerts(load_mapping(fixed, zone="Europe/Berlin"), payload)[0].starts_at == noon + 6 * 3_600
    stated = {"title": "a", "day": "2026-03-01", "time": "10:00:00Z"}
    assert alerts(load_mapping(path, zone="Asia/Tokyo"), stated)[0].starts_at == noon
