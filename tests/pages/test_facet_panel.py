"""Facets: values with counts and links; what is chosen stays, even if nothing is left of it."""

from __future__ import annotations

from aiops.pages.facet_panel import Facet, facets_of
from aiops.pages.list_address import Choice

COUNTS = {
    "status": {"open": 3, "recent": 1},
    "severity": {"2": 1, "4": 3},
    "service": {"api": 3, "web": 1},
    "owner": {"": 3, "alice": 1},
    "source": {"kube": 4},
    "team": {},
    "age": {"15m": 0, "1h": 2, "1d": 4},
    "storm": {"no": 4},
}


def panel(choice: Choice = Choice(), counts: dict[str, dict[str, int]] = COUNTS) -> dict[str, Facet]:  # noqa: B008
    return {facet.name: facet for facet in facets_of(choice, counts)}


def test_severities_come_in_their_order_and_by_words() -> None:
    assert [(one.name, one.count) for one in panel()["severity"].values] == [("critical", 3), ("warning", 1)]


def test_a_facet_that_offers_no_choice_is_left_out() -> None:
    assert set(panel()) == {"status", "severity", "service", "owner", "age"}
    assert "storm" in panel(counts=COUNTS | {"storm": {"yes": 1, "no": 3}})
    assert "source" in panel(Choice(facets={"source": ("kube",)}))


def test_what_ended_long_ago_is_offered_without_a_count() -> None:
    values = {one.name: one for one in panel()["status"].values}
    assert (values["open"].count, values["snoozed"].count, values["resolved"].count) == (3, 0, None)
    assert (values["open"].is_chosen, values["resolved"].is_chosen) == (True, False)
    assert values["resolved"].href.endswith("status=resolved")


def test_a_chosen_value_stays_without_a_hit() -> None:
    values = panel(Choice(facets={"service": ("gone",)}))["service"].values
    gone = next(one for one in values if one.name == "gone")
    assert (gone.count, gone.is_chosen, gone.href) == (0, True, "/")


def test_values_have_words() -> None:
    assert [one.word for one in panel()["owner"].values] == ["Nobody", "alice"]
    assert [one.word for one in panel()["age"].values] == ["last hour", "last day"]
