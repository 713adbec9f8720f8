"""How unusual a signal is: few others have it now, few incidents had it before."""

from __future__ import annotations

import math

import pytest
from aiops_models.causes.rarity import FLOOR, MIN_INCIDENTS

from aiops.ports import AlertFact
from tests.models.scenes import CPU, LATENCY, fact, surprise


def test_signal_of_one_is_more_surprising_than_one_of_many() -> None:
    one = surprise(fact("host-1", CPU))
    many = surprise(*[fact(f"host-{n}", CPU) for n in (1, 2, 3, 4)])
    assert one.internal("host-1") > many.internal("host-1") > 0


def test_breadth_counts_the_groups_that_could_have_it() -> None:
    assert surprise(fact("host-1", CPU)).value["host-1", _type(CPU)] == pytest.approx(math.log(5))


def _type(name: str) -> str:
    [found] = surprise(fact("host-1", name)).graph.by_entity["host-1"]
    return found


@pytest.mark.parametrize("incidents", [0, 1, MIN_INCIDENTS - 1])
def test_few_past_incidents_say_nothing(incidents: int) -> None:
    kind = _type(CPU)
    fresh = surprise(fact("host-1", CPU)).internal("host-1")
    assert surprise(fact("host-1", CPU), past=[[("host-1", kind)]] * incidents).internal("host-1") == fresh


def test_usual_signal_is_hardly_surprising_but_never_nothing() -> None:
    kind = _type(CPU)
    fresh = surprise(fact("host-1", CPU)).internal("host-1")
    usual = surprise(fact("host-1", CPU), past=[[("host-1", kind)] for _ in range(50)]).internal("host-1")
    elsewhere = surprise(fact("host-1", CPU), past=[[("host-2", kind)] for _ in range(50)]).internal("host-1")
    assert usual == pytest.approx(fresh * FLOOR)
    assert elsewhere > usual


def test_magnitude_counts_for_what_an_entity_suffers_itself() -> None:
    found = surprise(fact("host-1", CPU, z=50.0), fact("host-2", CPU, z=2.0))
    assert found.internal("host-1") > found.internal("host-2") > 0


def test_magnitude_of_a_symptom_counts_for_nothing() -> None:
    found = surprise(fact("cart-1", CPU, z=90.0), fact("web", z=4.0))
    alone = surprise(fact("cart-1", CPU, z=90.0), fact("web"))
    assert found.symptom("web") == pytest.approx(alone.symptom("web"))


def test_symptoms_and_internals_are_apart() -> None:
    found = surprise(fact("cart", LATENCY), fact("cart", CPU))
    assert found.symptom("cart") > 0
    assert found.internal("cart") > 0
    assert found.blamed("cart") == pytest.approx(found.symptom("cart"))


def test_signals_are_listed_the_most_surprising_first() -> None:
    found = surprise(fact("host-1", CPU), fact("host-2", CPU), fact("host-1", "HostDiskFull"))
    values = [found.value["host-1", signal.type] for signal in found.signals("host-1")]
    assert values == sorted(values, reverse=True)
    assert found.signals("nobody") == []


def test_holders_are_those_that_show_a_type() -> None:
    found = surprise(fact("host-1", CPU), fact("host-3", CPU))
    assert found.holders(_type(CPU)) == {"host-1", "host-3"}
    assert found.holders("gone") == frozenset()


def test_entry_symptom_searches_with_complaints_of_its_class_alone() -> None:
    plain = surprise(fact("web", LATENCY), fact("cart", "HighErrorRate"))
    assert plain.blamed("web") > 0
    assert plain.blamed("cart") > 0
    probed = surprise(fact("web", "BlackboxProbeSlow"), fact("web", LATENCY), fact("cart", "HighErrorRate"))
    assert probed.blamed("web") > 0
    assert probed.blamed("cart") == 0


def test_entry_symptom_of_no_complaint_changes_nothing() -> None:
    # A liveness probe is a state of the pod; nobody outside felt it.
    facts = (fact("web", LATENCY), fact("cart", "HighErrorRate"), fact("cart-1", "LivenessProbeUnhealthy"))
    assert surprise(*facts).blamed("cart") > 0


def test_history_makes_no_symptom_usual_where_users_felt_it() -> None:
    [kind] = surprise(fact("web", LATENCY)).graph.by_entity["web"]
    past = [[("web", kind)] for _ in range(50)]
    usual = surprise(fact("web", LATENCY), past=past).blamed("web")
    felt = surprise(fact("web", LATENCY), fact("db", "BlackboxProbeSlow"), past=past).blamed("web")
    assert felt > 3 * usual > 0


def aged(entity: str, recent: float) -> AlertFact:
    one = fact(entity, CPU)
    one.recent = recent
    return one


@pytest.mark.parametrize("recent", [1.0, 2.0, 4.0])
def test_what_fired_of_late_is_no_news(recent: float) -> None:
    fresh, again = surprise(fact("host-1", CPU)), surprise(aged("host-1", recent))
    assert again.internal("host-1") == pytest.approx(fresh.internal("host-1") / recent)


def test_old_conditions_keep_the_floor_and_history_is_not_counted_twice() -> None:
    fresh = surprise(fact("host-1", CPU)).internal("host-1")
    assert surprise(aged("host-1", 1e9)).internal("host-1") == pytest.approx(fresh * FLOOR)
    past = [[("host-1", _type(CPU))] for _ in range(50)]
    assert surprise(aged("host-1", 2.0), past=past).internal("host-1") == pytest.approx(fresh * FLOOR)


def test_one_new_stream_makes_the_signal_news() -> None:
    old, new = aged("host-1", 4.0), fact("host-1", CPU)
    new.caller = "web"
    both = surprise(old, new).internal("host-1")
    assert both == surprise(new, old).internal("host-1") == surprise(new).internal("host-1")
