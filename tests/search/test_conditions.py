"""Conditions: each field finds what it names, and a hostile text finds nothing and breaks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from aiops.search.conditions import Wanted, is_narrow, states_of
from aiops.search.syntax import read_query
from tests.search.stored import NOW, Filled, filled, incident, member


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    incidents = [
        incident(
            "inc-a1",
            member("BlackboxProbeFailed", "payments-gateway", service="payments", source="blackbox",
                   labels={"env": "prod", "team": "Payments"}, message="No space left on device"),
            opened_at=NOW - 600,
        ),
        incident(
            "inc-b2",
            member("KubeJobFailed", "catalog-worker", service="catalog, eu", source="kube", labels={"env": "test"}),
            severity="warning", acknowledged_by="Alice", status="acknowledged", opened_at=NOW - 7_200,
        ),
        incident("inc-c3", member("DiskFull", "db-1", service="orders"), is_storm=True, severity="high"),
        incident("inc-d4", member("DiskFull", "db-2"), status="resolved", resolved_at=NOW - 60, severity="high"),
        incident("inc-e5", member("DiskFull", "db-3"), status="resolved", resolved_at=NOW - 9_000, severity="high"),
        incident("inc-f6", member("DiskFull", "db-4"), status="merged", merged_into="inc-c3", severity="high"),
    ]  # fmt: skip
    with filled(tmp_path_factory.mktemp("store"), *incidents) as found:
        yield found


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", "abcdef"),
        ("blackbox", "a"),
        ("probe", "a"),
        ("PROBEFAILED", ""),
        ("ProbeFailed", "a"),
        ("BlackboxProbe", "a"),
        ("pay", "a"),
        ("payments-gateway", "a"),
        ("payments-gate", "a"),
        ("gateway-payments", ""),
        ('"no space left"', "a"),
        ('"space no"', ""),
        ('"pace lef"', ""),
        ("space device", "a"),
        ("disk -db-1", "def"),
        ("inc-b2", "b"),
        ("env", "ab"),
        ("service:payments", "a"),
        ("service:PAYMENTS", "a"),
        ("service:pay", ""),
        ("service:pay*", "a"),
        ('service:"catalog, eu",orders', "bc"),
        ("-service:payments", "bcdef"),
        ("entity:db-*", "cdef"),
        ("alert:diskfull -entity:db-1", "def"),
        ("label:env=prod", "a"),
        ("label:env", "ab"),
        ("-label:env", "cdef"),
        ("label:en", ""),
        ("label:en*", "ab"),
        ("source:kube,blackbox", "ab"),
        ("team:payments", "a"),
        ("severity:critical,warning", "ab"),
        ("owner:alice", "b"),
        ("owner:al*", "b"),
        ("owner:none", "acdef"),
        ("-owner:alice", "acdef"),
        ("storm:yes", "c"),
        ("age:<15m", "acdef"),
        ("age:>1h", "b"),
        ("id:inc-a1", "a"),
        ("id:inc-*", "abcdef"),
        ("status:open", "ac"),
        ("status:active", "abc"),
        ("status:recent", "d"),
        ("status:resolved", "de"),
        ("-status:resolved,merged", "abc"),
        ("status:all", "abcdef"),
        ("status:merged", "f"),
    ],
)
def test_a_query_finds(store: Filled, query: str, ids: str) -> None:
    assert "".join(id[4] for id in store.found(query)) == ids


@pytest.mark.parametrize(
    ("facets", "ids"),
    [
        ({"service": ("payments", "orders")}, "ac"),
        ({"service": ("payments",), "severity": ("high",)}, ""),
        ({"severity": ("critical", "purple")}, "a"),
        ({"owner": ("",)}, "acdef"),
        ({"owner": ("Alice",)}, "b"),
        ({"age": ("1h",)}, "acdef"),
        ({"storm": ("yes",)}, "c"),
        ({"team": ("Payments",)}, "a"),
        ({"source": ()}, "abcdef"),
    ],
)
def test_facets_narrow(store: Filled, facets: dict[str, tuple[str, ...]], ids: str) -> None:
    assert "".join(id[4] for id in store.found("", facets=facets)) == ids


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"statuses": ("open", "merged")}, "acf"),
        ({"min_severity": 3}, "acdef"),
        ({"since": NOW}, ""),
        ({"states": ("recent", "open")}, "acd"),
        ({"states": ("resolved",)}, "e"),
    ],
)
def test_bounds_of_the_api_narrow(store: Filled, wanted: dict[str, Any], ids: str) -> None:
    assert "".join(id[4] for id in store.found("", **wanted)) == ids


@pytest.mark.parametrize(
    "text",
    [
        "'; drop table incidents; --",
        '"\' or 1=1"',
        "%",
        "_",
        "service:'",
        '"\\"" or',
        "\x00",
        "\u202e",
    ],
)
def test_hostile_text_finds_nothing(store: Filled, text: str) -> None:
    assert store.found(text) == []
    assert len(store.found("")) == 6


@pytest.mark.parametrize("text", ['"' + "a " * 140 + '"', " ".join(["a-b-c-d-e-f-g-h-i-j"] * 40), "service:" + ",".join(
    ["a*"] * 40)])  # fmt: skip
def test_a_large_query_is_answered(store: Filled, text: str) -> None:
    assert store.found(text) == []


def test_a_snoozed_incident_is_neither_open_nor_resolved(store: Filled) -> None:
    with store.store.database.transaction() as connection:
        connection.execute("update incident_lines set snoozed_until = ? where id = 'inc-a1'", (NOW + 60,))
    try:
        assert store.found("status:snoozed") == ["inc-a1"]
        assert store.found("status:open") == ["inc-c3"]
    finally:
        with store.store.database.transaction() as connection:
            connection.execute("update incident_lines set snoozed_until = null")


def test_words_of_states_mean_several() -> None:
    assert states_of(["active", "open", "resolved"]) == ("open", "acknowledged", "snoozed", "recent", "resolved")


@pytest.mark.parametrize(
    ("wanted", "narrow"),
    [
        (Wanted(now=NOW), False),
        (Wanted(now=NOW, states=("open", "recent")), True),
        (Wanted(now=NOW, states=("open", "merged")), False),
        (Wanted(now=NOW, query=read_query("status:active disk")), True),
        (Wanted(now=NOW, query=read_query("-status:active")), False),
        (Wanted(now=NOW, query=read_query("status:resolved")), False),
    ],
)
def test_a_narrow_selection_leaves_out_what_ended_long_ago(wanted: Wanted, narrow: bool) -> None:
    assert is_narrow(wanted) is narrow
