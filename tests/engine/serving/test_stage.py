"""Records of models: refused whole or applied whole, replayed at the same place, and never a decision of a shadow's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.engine import Engine
from aiops.engine.events import Event, Feedback, IncidentChanged
from aiops.engine.serving.stage import MAX_SERVICES
from aiops.engine.serving.trial import Role
from aiops.model_state import canonical, digest_of
from aiops.records import Action, Alert, Logged, Tick
from tests.engine.serving.models import T0, answer, bare, engine_of, record, state, storm

SLOTS = ("causes", "playbooks", "similar")
VERBS = ("swap_model", "shadow_model", "canary_model")


def slot_of(engine: Engine, slot: str = "causes") -> dict[str, Any]:
    found: dict[str, Any] = engine.accounts()["serving"][slot]
    return found


def last(events: Sequence[Event]) -> Any:
    return [event for event in events if isinstance(event, IncidentChanged)][-1].incident


def first_cause(engine: Engine, at: float, *services: str) -> str:
    """The first suspect of a new incident."""
    engine.step([Tick(ts=T0 + at - 5)])
    incident = last(engine.step([*storm(at, *services), Tick(ts=T0 + at + 60)]))
    return str(incident.causes[0].entity)


@pytest.mark.parametrize("slot", SLOTS)
def test_swapped_model_decides_from_its_record_on(slot: str) -> None:
    engine = engine_of()
    found = state(bias={"web-1": 5.0})
    got = answer(engine, record("swap_model", slot, found))
    digest = digest_of("learner", canonical(found))
    assert got.applied
    assert got.reason.startswith(f"learner-{digest} takes the place of learner-")
    assert got.reason.endswith(f" in {slot}; state {digest}")
    told = slot_of(engine, slot)
    assert (told["version_id"], told["by"], told["record"]) == (f"learner-{digest}", "ann", 0)
    if slot == "causes":
        assert first_cause(engine, 10.0, "db", "web") == "web-1"


def test_model_of_the_configuration_decides_before_any_record() -> None:
    engine = engine_of()
    assert first_cause(engine, 10.0, "db", "web") == "db-1"
    assert slot_of(engine)["version_id"] == ""


REFUSED: list[tuple[Action, str]] = [
    (
        record("swap_model", "nose", state()),
        "$.args.slot: expected one of detect, causes, playbooks, similar, noise, grouping; got 'nose'",
    ),
    (record("swap_model", "causes", state(), "magic"), "expected one of learner, other, stateless; got 'magic'"),
    (record("swap_model", "causes", state(), "stateless"), "whose state can be loaded"),
    (record("swap_model", "causes", {"counts": {}}), "no state of 'learner': KeyError: 'bias'"),
    (record("swap_model", "causes", state({"a": 1}) | {"counts": {"a": "x"}}), "no state of 'learner': ValueError"),
    (record("swap_model", "causes", state(fault="load")), "RuntimeError: load is broken"),
    (record("swap_model", "causes", state(fault="rank")), "ValueError: rank is broken"),
    (record("swap_model", "causes", state(fault="learn")), "ValueError: learn is broken"),
    (record("swap_model", "causes", state(fault="dump")), "ValueError: dump is broken"),
    (record("swap_model", "playbooks", state(fault="suggest")), "ValueError: suggest is broken"),
    (record("swap_model", "playbooks", state(fault="learn")), "ValueError: learn is broken"),
    (record("swap_model", "similar", state(fault="nearest")), "ValueError: nearest is broken"),
    (record("swap_model", "similar", state(fault="add")), "ValueError: add is broken"),
    (bare("swap_model", "causes", algorithm="learner", state="{"), "model state: expected JSON"),
    (bare("swap_model", "causes", algorithm="learner", state='{"counts":{},"bias":{"a":1e999},"fault":""}'), "finite"),
    (bare("swap_model", "causes", algorithm="learner"), "model state: expected JSON"),
    (bare("swap_model", "causes", algorithm="none"), "model state: expected JSON"),
    (bare("swap_model", "causes", **{"from": "previous"}), "nothing to go back to in causes"),
    (bare("swap_model", "causes", **{"from": "shadow"}), "expected a slot with a shadow; causes has none"),
    (bare("swap_model", "causes", **{"from": "nowhere"}), "expected shadow, canary or previous; got 'nowhere'"),
    (bare("shadow_model", "causes"), "causes has no shadow"),
    (bare("canary_model", "causes"), "causes has no canary"),
    (record("shadow_model", "causes", state(fault="rank")), "ValueError: rank is broken"),
    (record("shadow_model", "detect", state()), "detect has no shadow: its model can only be swapped"),
    (record("canary_model", "causes", state()), "expected 1 to 100 names"),
    (record("canary_model", "causes", state(), services=" , ,"), "expected 1 to 100 names"),
    (
        record("canary_model", "causes", state(), services=",".join(map(str, range(MAX_SERVICES + 1)))),
        "expected 1 to 100 names, separated by commas; got 101",
    ),
    (record("canary_model", "causes", state(fault="load"), services="db"), "RuntimeError: load is broken"),
]


@pytest.mark.parametrize(("action", "reason"), REFUSED)
def test_record_that_does_not_fit_changes_nothing(action: Action, reason: str) -> None:
    engine, other = engine_of(), engine_of()
    for each in (engine, other):
        answer(each, record("swap_model", "similar", state({"kept": 1})))
        each.step([*storm(10.0, "db", "web"), Tick(ts=T0 + 70)])
    got = answer(engine, action)
    answer(other, bare("unsilence", "nothing"))
    assert (got.applied, reason in got.reason) == (False, True), got.reason
    assert len(got.reason) < 700
    assert engine.snapshot() == other.snapshot()


def test_model_that_fails_only_later_costs_its_part_and_is_rolled_back() -> None:
    engine = engine_of()
    assert answer(engine, record("swap_model", "causes", state(fault="rank later"))).applied
    assert last(engine.step([*storm(10.0, "db"), Tick(ts=T0 + 70)])).causes == []
    assert engine.accounts()["faults"] == {"causes": 1}
    assert answer(engine, bare("swap_model", "causes", **{"from": "previous"})).applied
    assert first_cause(engine, 90_000.0, "db", "web") == "db-1"


def test_rollback_brings_back_the_bytes_that_served_before() -> None:
    engine = engine_of()
    incident = last(engine.step([*storm(10.0, "db", "web"), Tick(ts=T0 + 70)]))
    confirm = Action(ts=T0 + 71, verb="confirm_cause", id="c", incident=incident.id, entity="web-1")
    assert answer(engine, confirm).applied
    before = engine.serving.exported("causes", "serving")
    assert json.loads(before[1])["counts"] == {"web-1": 1}
    assert answer(engine, record("swap_model", "causes", state({"db-1": 9}))).applied
    assert slot_of(engine)["previous"] == f"learner-{digest_of(*before)}"
    got = answer(engine, bare("swap_model", "causes", **{"from": "previous"}))
    assert got.reason.endswith(f"; state {digest_of(*before)}")
    assert engine.serving.exported("causes", "serving") == before
    # And forth again: what was rolled back is the one before now.
    answer(engine, bare("swap_model", "causes", **{"from": "previous"}))
    assert engine.serving.exported("causes", "serving")[1] == canonical(state({"db-1": 9}))


def test_detector_is_swapped_to_none_and_back() -> None:
    class Flat:
        def score(self, rows: Sequence[Sequence[float]]) -> list[float]:
            return [0.0 for _ in rows]

    engine = Engine(scorers={"flat": lambda found: Flat()})
    flat = f"flat-{digest_of('flat', '{}')}"
    for slot in ("rows", "detect"):
        got = answer(engine, bare("swap_model", slot, algorithm="flat", state="{}"))
        assert got.applied, got.reason
    assert got.reason == f"{flat} takes the place of {flat} in detect; state {digest_of('flat', '{}')}"
    got = answer(engine, bare("swap_model", "detect", algorithm="none"))
    assert (got.reason, engine.detect.in_place) == (f"no model takes the place of {flat} in detect", None)
    got = answer(engine, bare("swap_model", "detect", **{"from": "previous"}))
    assert got.reason.startswith(f"{flat} takes the place of no model in detect")
    with_none = answer(engine, bare("swap_model", "detect", **{"from": "previous"}))
    assert with_none.applied
    assert slot_of(engine, "detect")["version_id"] == "none"


def test_shadow_is_compared_and_learns_and_decides_nothing() -> None:
    engine = engine_of()
    answer(engine, record("shadow_model", "causes", state(bias={"web-1": 5.0}), "other"))
    incident = last(engine.step([*storm(10.0, "db", "web"), Tick(ts=T0 + 70)]))
    assert incident.causes[0].entity == "db-1"
    answer(engine, Action(ts=T0 + 71, verb="confirm_cause", id="c", incident=incident.id, entity="web"))
    shadow = slot_of(engine)["shadow"]
    counts = shadow["beside"]
    assert (counts["compared"], counts["same_first"], counts["same_three"]) == (1, 0, 1)
    # The service was named; the suspect is its entity.
    assert (counts["confirmed"], counts["serving_first"], counts["candidate_first"]) == (1, 0, 1)
    assert (counts["serving_three"], counts["only_candidate"]) == (1, 1)
    [example] = shadow["examples"]
    assert (example["incident"], example["serving"][0], example["candidate"][0]) == (incident.id, "db-1", "web-1")
    assert (example["serving_place"], example["candidate_place"], example["confirmed"]) == (1, 0, True)
    assert json.loads(engine.serving.exported("causes", "shadow")[1])["counts"] == {"web": 1}


def test_playbooks_are_compared_and_a_used_one_is_the_answer() -> None:
    engine = engine_of()
    answer(engine, record("shadow_model", "playbooks", state(bias={"zap": 9.0})))
    incident = last(engine.step([*storm(10.0, "db"), Tick(ts=T0 + 70)]))
    for outcome, confirmed in (("useless", 0), ("helped", 1)):
        args = {"playbook": "zap", "outcome": outcome}
        act = Action(ts=T0 + 71, verb="confirm_playbook", id=outcome, incident=incident.id, args=args)
        assert answer(engine, act).applied
        assert slot_of(engine, "playbooks")["shadow"]["beside"]["confirmed"] == confirmed
    counts = slot_of(engine, "playbooks")["shadow"]["beside"]
    assert (counts["serving_three"], counts["candidate_three"]) == (0, 1)


def test_canary_decides_for_its_services_alone_and_is_counted_apart() -> None:
    engine = engine_of()
    biased = state(bias={"web-1": 5.0, "cart-1": 5.0})
    got = answer(engine, record("canary_model", "causes", biased, services="cart, shop"))
    assert got.reason.endswith("is the canary of causes: it decides for cart, shop")
    assert first_cause(engine, 10.0, "db", "web") == "db-1"
    assert first_cause(engine, 90_000.0, "app", "cart") == "cart-1"
    canary = slot_of(engine)["canary"]
    assert (canary["beside"]["compared"], canary["decided"]["compared"]) == (1, 1)
    assert [one["decided"] for one in canary["examples"]] == [True, False]
    assert answer(engine, bare("canary_model", "causes")).reason.endswith("ended after 2 incidents")
    assert first_cause(engine, 180_000.0, "app", "cart") == "app-1"


def test_canary_that_fails_leaves_the_decision_to_the_one_that_serves() -> None:
    engine = engine_of()
    answer(engine, record("canary_model", "causes", state(fault="rank later"), services="db"))
    assert first_cause(engine, 10.0, "db", "web") == "db-1"
    assert slot_of(engine)["canary"]["faults"] == 1
    assert engine.accounts()["faults"] == {}


@pytest.mark.parametrize("role", ["shadow", "canary"])
def test_promoted_trial_decides_with_what_it_learned(role: Role) -> None:
    engine = engine_of()
    answer(engine, record(f"{role}_model", "causes", state({"web-1": 1}), services="nobody"))
    incident = last(engine.step([*storm(10.0, "db", "web"), Tick(ts=T0 + 70)]))
    answer(engine, Action(ts=T0 + 71, verb="confirm_cause", id="c", incident=incident.id, entity="web-1"))
    held = engine.serving.exported("causes", role)
    version = slot_of(engine)[role]["version_id"]
    got = answer(engine, bare("swap_model", "causes", **{"from": role}))
    assert got.reason.endswith(f"; state {digest_of(*held)}")
    told = slot_of(engine)
    assert (told["version_id"], told["by"], told[role]) == (version, "bob", None)
    assert engine.serving.exported("causes", "serving") == held
    assert first_cause(engine, 90_000.0, "db", "web") == "web-1"


def test_swap_ends_the_trial_of_its_version_and_restarts_the_counts_of_others() -> None:
    engine = engine_of()
    answer(engine, record("shadow_model", "causes", state({"a": 1})))
    answer(engine, record("canary_model", "causes", state({"b": 1}), services="db"))
    engine.step([*storm(10.0, "db", "web"), Tick(ts=T0 + 70)])
    answer(engine, record("swap_model", "causes", state({"a": 1})))
    told = slot_of(engine)
    assert told["shadow"] is None
    assert told["canary"]["decided"]["compared"] == 0
    assert answer(engine, record("shadow_model", "causes", state({"c": 1}))).applied
    assert answer(engine, record("shadow_model", "causes", state({"d": 1}))).applied
    assert slot_of(engine)["shadow"]["version_id"].endswith(digest_of("learner", canonical(state({"d": 1}))))


def test_model_that_cannot_be_exported_is_replaced_and_not_kept() -> None:
    engine = engine_of()
    engine.ranking.model("causes").fault = "dump"
    got = answer(engine, record("swap_model", "causes", state()))
    assert "takes the place of a model that cannot be exported" in got.reason
    assert slot_of(engine)["previous"] == ""
    assert not answer(engine, bare("swap_model", "causes", **{"from": "previous"})).applied


def test_slot_that_is_off_takes_no_model() -> None:
    engine = Engine()
    for verb in VERBS:
        got = answer(engine, record(verb, "causes", state(), services="db"))
        assert (got.applied, "slot causes is off" in got.reason) == (False, True)


def test_model_is_exported_by_slot_and_role() -> None:
    engine = engine_of()
    assert engine.serving.exported("causes", "serving") == ("learner", canonical(state()))
    for slot, role in (("causes", "shadow"), ("causes", "canary"), ("detect", "serving"), ("detect", "shadow")):
        with pytest.raises(Exception, match=f"expected a slot with a {role} model; {slot} has none"):
            engine.serving.exported(slot, role)


RECORDS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(VERBS), st.sampled_from(SLOTS), st.sampled_from(("", "rank later", "load"))),
        st.tuples(
            st.sampled_from(("swap_model", "shadow_model", "canary_model")), st.sampled_from(SLOTS), st.just("end")
        ),
        st.tuples(st.just("from"), st.sampled_from(SLOTS), st.sampled_from(("previous", "shadow", "canary"))),
        st.tuples(st.just("storm"), st.sampled_from(("db web", "web cart", "cart")), st.just("")),
        st.tuples(st.just("confirm"), st.sampled_from(("db-1", "web", "cart-1")), st.just("")),
    ),
    max_size=12,
)


def written(steps: Sequence[tuple[str, str, str]]) -> list[Logged]:
    """Records of drawn steps."""
    found: list[Logged] = []
    incidents = 0
    for number, (what, where, how) in enumerate(steps):
        at = 100.0 + 90_000.0 * number
        if what == "storm":
            incidents += 1
            found += [Tick(ts=T0 + at - 5), *storm(at, *where.split()), Tick(ts=T0 + at + 60)]
        elif what == "confirm":
            found.append(Action(ts=T0 + at, verb="confirm_cause", id=f"c{number}", incident="last", entity=where))
        elif what == "from":
            found.append(bare("swap_model", where, **{"from": how}))
        elif how == "end":
            found.append(bare(what, where))
        else:
            found.append(record(what, where, state({"web-1": number}, how, bias={"cart-1": 2.0}), services="cart"))
    for one in found:
        if isinstance(one, Action) and one.verb != "confirm_cause":
            one.ts = 0.0
    return found


def fold(engine: Engine, records: Sequence[Logged]) -> list[Event]:
    """Records one by one; a confirmation is of the newest incident."""
    events: list[Event] = []
    for one in records:
        if isinstance(one, Action):
            one.ts = one.ts or engine.timeline.now
            if one.incident == "last":
                one.incident = next(reversed(engine.incidents.by_id), "none")
        events += engine.step([one])
    return events


@given(RECORDS, st.integers(0, 11))
@settings(max_examples=15, deadline=None)
def test_restart_at_any_record_equals_never_having_stopped(steps: list[tuple[str, str, str]], at: int) -> None:
    records = written(steps)
    whole, half, other = engine_of(), engine_of(), engine_of()
    events = fold(whole, records)
    first = fold(half, records[:at])
    other.restore(half.snapshot())
    parted = engine_of()
    parted.restore_parts(half.snapshot_parts())
    assert [*first, *fold(other, records[at:])] == events
    assert other.snapshot() == whole.snapshot()
    fold(parted, records[at:])
    assert parted.snapshot() == whole.snapshot()
    # And so does a replay from the beginning.
    again = engine_of()
    assert fold(again, records) == events


@given(RECORDS, st.sampled_from(("", "rank later", "learn later", "changes views", "suggest later", "nearest later")))
@settings(max_examples=15, deadline=None)
def test_shadow_changes_no_decision(steps: list[tuple[str, str, str]], fault: str) -> None:
    records = [one for one in written(steps) if not (isinstance(one, Action) and one.verb == "shadow_model")]
    records = [one for one in records if not (isinstance(one, Action) and one.args.get("from") == "shadow")]
    begun: list[Logged] = [record("shadow_model", slot, state({"web-1": 7}, fault), "other") for slot in SLOTS]
    idle: list[Logged] = [bare("unsilence", slot) for slot in SLOTS]
    with_shadow, without = engine_of(), engine_of()
    ours, theirs = fold(with_shadow, [*begun, *records]), fold(without, [*idle, *records])
    answers = (Feedback,)
    assert [one for one in ours if not isinstance(one, answers)] == [
        one for one in theirs if not isinstance(one, answers)
    ]
    assert all(one.applied for one in ours[: len(SLOTS)] if isinstance(one, Feedback))
    for slot in SLOTS:
        with_shadow.serving.trials.remove(slot, "shadow")
    assert with_shadow.snapshot() == without.snapshot()


def test_alert_after_a_restart_finds_the_same_models() -> None:
    engine, other = engine_of(), engine_of()
    answer(engine, record("swap_model", "causes", state({"web-1": 3}), "other"))
    other.restore(engine.snapshot())
    assert other.ranking.algorithm("causes") == "other"
    assert isinstance(storm(10.0, "db")[0], Alert)
    assert first_cause(other, 10.0, "db", "web") == "web-1"
