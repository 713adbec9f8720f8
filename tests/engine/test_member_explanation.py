"""Why a stream is where it is, from what its member keeps: the terms of the decision, also after a snapshot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops.engine.correlate.trace import Trace
from aiops.engine.engine import Engine
from aiops.engine.member_explanation import Grounds, MemberExplanation, explain_member
from aiops.records import Alert

T0 = 1_795_000_000.0


def alert(at: float, name: str, entity: str, id: str, **more: Any) -> Alert:
    given: dict[str, Any] = {"severity": "critical", **more}
    return Alert(ts=T0 + at, name=name, entity=entity, id=id, **given)


JOINING = [alert(0, "cpu", "db", "a"), alert(0.5, "disk", "mail", "b"), alert(1, "cpu", "web", "c")]


def engine_of(records: list[Alert]) -> Engine:
    engine = Engine()
    engine.step(list(records))
    return engine


def incident_of(engine: Engine, id: str) -> str:
    for cluster in engine.clusters.by_number.values():
        if any(member.alert == id for member in cluster.members.values()):
            return cluster.incident or ""
    return ""


def explained(engine: Engine, incident: str, id: str) -> MemberExplanation:
    found = explain_member(engine, incident, id)
    assert found is not None
    return found


def total(grounds: Grounds) -> float:
    return sum(each.value for each in grounds.evidence)


def test_a_stream_that_joined_has_its_terms_and_their_sum() -> None:
    engine = engine_of(JOINING)
    one = explained(engine, incident_of(engine, "a"), "c")
    assert one.joined is not None
    assert one.threshold is not None
    assert one.joined.score == pytest.approx(total(one.joined))
    assert one.joined.score > one.threshold
    assert one.text.startswith("It joined this incident with a score of")
    sizes = [abs(each.value) for each in one.joined.evidence]
    assert sizes == sorted(sizes, reverse=True)


def test_a_stream_that_opened_has_the_cluster_that_it_did_not_fit() -> None:
    engine = engine_of(JOINING)
    of_a, of_b = incident_of(engine, "a"), incident_of(engine, "b")
    one = explained(engine, of_b, "b")
    assert one.joined is None
    assert one.declined is not None
    assert one.declined.incident == of_a
    assert one.threshold is not None
    assert one.declined.score == pytest.approx(total(one.declined))
    assert one.declined.score <= one.threshold
    assert one.text == "It fitted no cluster and opened one, which belongs to this incident."


def test_the_question_why_not_is_answered_from_the_other_cluster() -> None:
    engine = engine_of(JOINING)
    one = explained(engine, incident_of(engine, "a"), "b")
    assert one.incident == incident_of(engine, "b")
    assert f"It is in {one.incident}. With this one its score was" in one.text


def test_what_is_not_kept_is_not_claimed() -> None:
    engine = engine_of([*JOINING, alert(2000, "net", "x", "late"), alert(2001, "queue", "y", "later")])
    one = explained(engine, incident_of(engine, "a"), "later")
    assert one.text.endswith("It is not known here how well it fits this incident.")


def test_a_cut_names_its_sign() -> None:
    engine = engine_of(JOINING)
    [member] = [m for c in engine.clusters.by_number.values() for m in c.members.values() if m.alert == "b"]
    assert member.declined is not None
    member.declined.cut = "surge"
    one = explained(engine, incident_of(engine, "a"), "b")
    assert one.declined is not None
    assert one.declined.cut == "surge"
    assert one.text.endswith("It fitted this one, which was ended by a sign of something new: surge.")


def test_a_stream_is_found_by_its_fingerprint_and_an_unknown_one_is_none() -> None:
    engine = engine_of(JOINING)
    one = explained(engine, incident_of(engine, "a"), "c")
    assert explained(engine, "inc-unknown", one.fingerprint).alert == "c"
    assert explain_member(engine, incident_of(engine, "a"), "nothing") is None


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.5, 3.0, 30.0, 200.0]),
            st.sampled_from(["cpu", "disk", "net"]),
            st.sampled_from(["db", "web", "mail"]),
            st.booleans(),
        ),
        min_size=2,
        max_size=40,
    )
)
def test_kept_terms_are_those_that_were_compared(stream: list[tuple[float, str, str, bool]]) -> None:
    engine, at = Engine(), 0.0
    for number, (gap, name, entity, is_service) in enumerate(stream):
        at += gap
        engine.correlate.trace = trace = Trace()
        service = entity if is_service else None
        engine.step([alert(at, name, entity, f"a{number}", service=service)])
        result = engine.arrival.result
        if not trace.compared or not result.new_member:
            continue
        scores = {each.cluster: each.score for each in trace.considered}
        if result.join is not None:
            assert result.join.score() == pytest.approx(scores[result.cluster])
        if result.declined is not None:
            declined, best = result.declined.join.score(), scores[result.declined.cluster]
            # Below the threshold not all entries of a cluster are scored to the end.
            assert declined == pytest.approx(best) if best > trace.threshold else declined <= best + 1e-9
            assert (result.declined.cut != "") == (trace.cut != "")
        else:
            assert len(scores) <= 1 or not result.new_cluster


def test_explanations_outlive_a_snapshot() -> None:
    engine, again = engine_of(JOINING), Engine()
    again.restore(engine.snapshot())
    for id in ("a", "b", "c"):
        assert explain_member(again, incident_of(engine, "a"), id) == explain_member(
            engine, incident_of(engine, "a"), id
        )
