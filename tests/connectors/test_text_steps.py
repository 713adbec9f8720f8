"""Base64 in envelopes, shapes of log lines, lists in lists, and leases of tools that report no end."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.mapping.expressions import Scope, Term, compile_spec
from aiops_connectors.mapping.mapping import MAX_ITEMS, Mapping, load_mapping
from aiops_connectors.mapping.text_steps import MAX_SHAPE, from_base64, pri_severity, shape

from aiops.records import Alert

NOW = 1_772_400_000.0


def loaded(tmp_path: Path, rules: str) -> Mapping:
    path = tmp_path / "own.yaml"
    path.write_text(f"apiVersion: aiops/v1\nkind: Mapping\nname: own\nsummary: A test.\nrules:\n{rules}")
    return load_mapping(path)


def alerts(mapping: Mapping, payload: Any) -> list[Alert]:
    records, problems = mapping.apply(payload, {}, None, NOW)
    assert not problems, problems
    return [record for record in records if isinstance(record, Alert)]


@pytest.mark.parametrize("pad", ["", "=", "=="])
def test_base64_is_read_with_and_without_padding(pad: str) -> None:
    text = "x" * (3 - len(pad)) + "ü?~"
    encoded = base64.b64encode(text.encode()).decode()
    assert from_base64(encoded) == text
    assert from_base64(encoded.rstrip("=")) == text
    assert from_base64(base64.urlsafe_b64encode(text.encode()).decode()) == text
    assert from_base64("\n".join(encoded)) == text


@pytest.mark.parametrize("text", ["{}", "a", "abc*", "/w==", "H4sIAAAAAAAA/w=="])
def test_what_is_no_base64_of_a_text_is_nothing(text: str) -> None:
    assert from_base64(text) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("retry 3 of 5", "retry # of #"),
        ("at 0x7ffee3b2 in worker-12", "at # in worker-#"),
        ("user 7c3f4f8e-1111-4222-8333-944455556666 left", "user # left"),
        ("commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "commit #"),
        ("10.0.0.7:5432 refused", "# refused"),
        ("took 3.5 s.\n  at Main.java:12", "took # s."),
        ("", None),
        ("facade of beef", "facade of beef"),
    ],
)
def test_a_shape_leaves_the_words_of_a_line(line: str, expected: str | None) -> None:
    assert shape(line) == expected


def test_a_shape_is_bounded() -> None:
    assert shape("a" * 100_000) == "a" * MAX_SHAPE


@pytest.mark.parametrize(
    ("pri", "severity"),
    [("0", "0"), ("27", "3"), ("191", "7"), ("192", None), ("-1", None), ("٣", None), ("1e1", None), ("0" * 50, None)],
)
def test_a_pri_has_the_severity_of_its_last_three_bits(pri: str, severity: str | None) -> None:
    assert pri_severity(pri) == severity


def test_a_step_comes_before_match_and_table() -> None:
    term = Term(path="level", step="base64", match="^([a-z]+)", table={"warn": "warning"})
    encoded = base64.b64encode(b"warn: disk").decode()
    assert compile_spec(term, {})(Scope({"level": encoded}, None, {}, None)) == "warning"
    assert compile_spec(term, {})(Scope({"level": 7}, None, {}, None)) is None


def test_an_envelope_in_base64_is_opened(tmp_path: Path) -> None:
    rules = "- when: [{path: data, present: true}]\n  again: {path: data, step: base64}\n- name: title\n"
    mapping = loaded(tmp_path, rules)
    encoded = base64.b64encode(json.dumps({"title": "Disk"}).encode()).decode()
    assert [alert.name for alert in alerts(mapping, {"data": encoded})] == ["Disk"]
    _, problems = mapping.apply({"data": "no base64"}, {}, None, NOW)
    assert [problem.place for problem in problems] == ["$.data"]


def test_items_of_lists_in_lists_are_one_list(tmp_path: Path) -> None:
    mapping = loaded(tmp_path, "- items: 'groups[*].rows[*]'\n  name: title\n  service: $.service\n")
    payload = {
        "service": "s",
        "groups": [{"rows": [{"title": "a"}, {"title": "b"}]}, {"rows": []}, {"rows": [{"title": "c"}]}],
    }
    found = alerts(mapping, payload)
    assert [(alert.name, alert.service) for alert in found] == [("a", "s"), ("b", "s"), ("c", "s")]


def test_items_beyond_the_bound_are_reported(tmp_path: Path) -> None:
    mapping = loaded(tmp_path, "- items: 'groups[*].rows[*]'\n  name: title\n")
    records, problems = mapping.apply({"groups": [{"rows": [{"title": "a"}] * (MAX_ITEMS + 5)}]}, {}, None, NOW)
    assert len(records) == MAX_ITEMS
    assert "expected at most" in problems[0].reason


def test_a_lease_ends_what_reports_no_end(tmp_path: Path) -> None:
    mapping = loaded(
        tmp_path, "- name: title\n  status: {path: state, table: status}\n  ends_at: until\n  lease_s: 600\n"
    )
    leased, stated, ended = alerts(
        mapping,
        [
            {"title": "a", "state": "down"},
            {"title": "b", "state": "down", "until": NOW + 60},
            {"title": "c", "state": "ok"},
        ],
    )
    assert (leased.ends_at, stated.ends_at, ended.ends_at) == (NOW + 600, NOW + 60, None)
