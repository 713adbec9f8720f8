"""Matchers for what fires of incidents: exact names, the narrowest set, and its bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.silences.silences import selector
from aiops.matchers import question, read_matchers
from aiops.views.silence_cover import MAX_VALUES, any_of, cover
from aiops.views.silence_matches import Recent, alert_of

NAME = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


def stream(name: str, entity: str, service: str | None = None, **labels: str) -> Recent:
    return Recent(
        1, f"{name}/{entity}", name, entity, service, None, labels, "high", "", 1, 1.0, True, None, "incident"
    )


def muted(wanted: list[Recent], others: list[Recent]) -> tuple[list[str], int, int]:
    """The matchers, how many wanted streams they match, and how many others."""
    # As the form has them: each as a line that is read back.
    found = [one for made in cover(wanted, others) for one in read_matchers(str(made))]
    selects = selector(found)
    counts = [sum(selects(alert_of(one), one.entity) for one in some) for some in (wanted, others)]
    return [str(one) for one in found], counts[0], counts[1]


@given(NAME, NAME)
def test_expression_fits_exactly_the_names(first: str, second: str) -> None:
    [name] = read_matchers(str(any_of("alertname", [first, second])))
    fits = question(name)
    assert fits(first)
    assert fits(second)
    assert not fits(first + "?") or first + "?" == second


def test_service_is_taken_where_it_matches_just_these() -> None:
    wanted = [stream("A", "pod-1", "web"), stream("B", "pod-2", "web")]
    assert muted(wanted, [stream("C", "pod-1", "web"), stream("A", "db-1", "db")]) == (
        ['alertname=~"A|B"', 'service="web"'],
        2,
        0,
    )


def test_entities_are_taken_where_the_service_matches_others() -> None:
    wanted = [stream("A", "pod-1", "web"), stream("B", "pod.2", "web")]
    assert muted(wanted, [stream("A", "pod-3", "web"), stream("B", "podX2", "web")]) == (
        ['alertname=~"A|B"', 'entity=~"pod\\\\-1|pod\\\\.2"'],
        2,
        0,
    )


def test_shared_label_keeps_out_what_names_and_places_match() -> None:
    wanted = [stream("A", "x", region="eu", team="t"), stream("B", "y", region="eu", team="t")]
    others = [stream("A", "y", region="us", team="t")]
    found, matched, beside = muted(wanted, others)
    assert (found[-1], matched, beside) == ('region="eu"', 2, 0)


def test_set_that_matches_others_is_the_one_that_matches_fewest() -> None:
    wanted = [stream("A", "x"), stream("B", "y")]
    assert muted(wanted, [stream("A", "y"), stream("A", "z")])[1:] == (2, 1)


def test_what_is_too_many_names_is_left_to_the_service_or_to_a_person() -> None:
    of_service = [stream(f"N{n}", f"e-{n}", "web") for n in range(MAX_VALUES + 1)]
    assert muted(of_service, [])[:2] == (['service="web"'], MAX_VALUES + 1)
    assert cover([stream(f"N{n}", f"e-{n}") for n in range(MAX_VALUES + 1)], []) == []
    assert cover([stream("A" * 4_000, "e" * 4_000)], []) == []
