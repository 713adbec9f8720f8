"""The witness of one decision: it reports the figures of a cut, and leaves the engine as it would have been."""

from __future__ import annotations

import random

from aiops.backtest.explained import Explanation
from aiops.backtest.witness import Witness, incident_of
from aiops.engine.engine import Engine
from aiops.records import Alert

T0 = 1_795_000_000.0


def alert(at: float, name: str = "cpu", entity: str = "api", service: str | None = "api") -> Alert:
    return Alert(
        ts=T0 + at, name=name, entity=entity, service=service, severity="critical", id=f"{name}-{entity}-{at:g}"
    )


def seen(engine: Engine, record: Alert, against: str | None = None) -> Explanation:
    return Witness(engine, against, ()).see(record)


def first_cut(records: list[Alert]) -> Explanation:
    engine = Engine()
    for record in records:
        one = seen(engine, record)
        if one.outcome == "cut":
            return one
    raise AssertionError("nothing was cut")


def irregular(count: int) -> list[Alert]:
    """An alert every ten seconds or so, of a few kinds in no order: none makes a habit of it."""
    rng = random.Random(1)
    return [
        alert(n * 10.0 + rng.uniform(0.0, 9.0), name=f"kind-{rng.randrange(7)}", entity=f"api-{n}")
        for n in range(count)
    ]


def test_an_old_cluster_is_cut_with_its_age_and_the_rate_of_new_problems() -> None:
    one = first_cut(irregular(900))
    assert one.others[0].score > (one.threshold or 0.0)
    assert "it has lasted" in one.text
    assert "a new problem begins here about every" in one.text


def test_a_surge_is_cut_with_its_count_and_the_pace() -> None:
    # In pairs: alerts that come like chance are cut by age before.
    calm = [each for one in irregular(60) for each in (one, alert(one.ts + 0.1, name="echo", entity=f"{one.entity}-e"))]
    burst = [alert(610.0 + n * 0.1, name="errors", entity=f"api-{n}") for n in range(120)]
    one = first_cut([*calm, *burst])
    assert "alerts came within about ten seconds, and its own pace is" in one.text


def test_a_watched_engine_is_as_if_it_had_not_been_watched() -> None:
    records = [alert(n * 5.0, entity=f"api-{n % 9}", name=f"kind-{n % 4}") for n in range(80)]
    watched, plain = Engine(), Engine()
    for record in records:
        seen(watched, record, "c0")
    plain.step(records)
    assert watched.snapshot() == plain.snapshot()
    assert watched.correlate.trace is None


def test_the_incident_of_a_cluster_is_that_of_now() -> None:
    engine = Engine()
    one = seen(engine, alert(0.0))
    assert incident_of(engine, one) == one.incident
    one.cluster = "c999"
    assert incident_of(engine, one) is None
