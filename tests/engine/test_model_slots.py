"""The shipped models in their slots: exported, loaded to the byte, tried out, and refused where the state is none."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from aiops.app.engine import build_engine
from aiops.engine.config import CausesConfig, EngineConfig, PlaybooksConfig, SimilarConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Feedback, IncidentChanged
from aiops.engine.model_slots import sample
from aiops.engine.rank import Models
from aiops.errors import UsageError
from aiops.model_state import canonical, digest_of, swap_action
from aiops.records import Action, Record, Tick
from aiops.topology import Topology
from tests.engine.serving.models import T0, Learner, answer, bare, state, storm


def built(**more: Any) -> Engine:
    # The shipped playbooks take half a second to read; one slot of them is enough.
    return build_engine(EngineConfig(**{"playbooks": PlaybooksConfig(use="")} | more), Topology())


def taught(engine: Engine, incidents: int = 12) -> Engine:
    """An engine with some ended incidents whose causes people confirmed."""
    for number in range(incidents):
        at = 100.0 + 90_000.0 * number
        records: list[Record] = [Tick(ts=T0 + at - 5), *storm(at, "db", "web"), Tick(ts=T0 + at + 60)]
        found = [event for event in engine.step(records) if isinstance(event, IncidentChanged)]
        action = Action(ts=T0 + at + 61, verb="confirm_cause", incident=found[-1].incident.id, entity="web-1")
        engine.step([action, Tick(ts=T0 + at + 80_000)])
    return engine


@pytest.fixture(scope="module")
def states() -> dict[str, str]:
    """The learned states of the shipped ranker and memory, as text."""
    engine = taught(built())
    return {slot: engine.serving.exported(slot, "serving")[1] for slot in ("causes", "similar")}


@pytest.mark.parametrize("slot", ["causes", "similar"])
def test_learned_state_is_the_same_to_the_byte_after_a_swap(slot: str, states: dict[str, str]) -> None:
    engine = built()
    got = answer(engine, swap_action(slot, slot, json.loads(states[slot]), T0))
    assert got.applied, got.reason
    assert got.reason.endswith(f"; state {digest_of(slot, states[slot])}")
    assert engine.serving.exported(slot, "serving") == (slot, states[slot])


def test_suggester_is_swapped_and_keeps_its_options(tmp_path: Path) -> None:
    own = PlaybooksConfig(options={"playbooks": [str(tmp_path)]})
    off = EngineConfig(causes=CausesConfig(use=""), similar=SimilarConfig(use=""), playbooks=own)
    engine = build_engine(off, Topology())
    playbooks = engine.ranking.model("playbooks").digest
    state = json.loads(engine.serving.exported("playbooks", "serving")[1])
    state["outcomes"]["totals"] = {"bad-deploy-rollback": [3.0, 1.0]}
    assert answer(engine, swap_action("playbooks", "playbooks", state, T0)).applied
    assert engine.ranking.model("playbooks").digest == playbooks
    assert json.loads(engine.serving.exported("playbooks", "serving")[1]) == state


def test_confirmed_causes_of_a_swapped_state_rank_as_those_that_were_learned_here(states: dict[str, str]) -> None:
    one, other = taught(built()), built()
    answer(other, swap_action("causes", "causes", json.loads(states["causes"]), T0))
    view = sample()
    assert one.ranking.model("causes").rank(view) == other.ranking.model("causes").rank(view)


@pytest.mark.parametrize(
    ("slot", "algorithm", "reason"),
    [
        ("causes", "magic", "expected one of causes, playbooks, similar"),
        ("causes", "similar", "expected a model for causes"),
        ("similar", "causes", "expected a model for similar"),
        ("playbooks", "playbooks", "slot playbooks is off (playbooks.use is empty)"),
    ],
)
def test_model_of_another_kind_is_refused(slot: str, algorithm: str, reason: str) -> None:
    engine = built()
    got = answer(engine, swap_action(slot, algorithm, {}, T0))
    assert (got.applied, reason in got.reason) == (False, True), got.reason
    other = built()
    answer(other, bare("unsilence", "x"))
    assert engine.snapshot() == other.snapshot()


def damaged(state: Any, source: random.Random) -> Any:
    """A state with one part cut out, replaced or nested: what a hostile or broken trainer may write."""
    odd: tuple[Any, ...] = (None, -1, 2**70, 1e308, -1e308, "", "x" * 5_000, [], {}, [[]], True, [None], {"a": None})
    text = json.loads(json.dumps(state))
    place: Any = text
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return text
        key = source.choice(keys)
        inner = place[key]
        if isinstance(inner, dict | list) and inner and source.random() < 0.75:
            place = inner
            continue
        if source.random() < 0.3:
            del place[key]
        else:
            place[key] = source.choice(odd)
        return text


@pytest.mark.parametrize("slot", ["causes", "similar"])
def test_damaged_state_is_refused_whole_or_served_without_harm(slot: str, states: dict[str, str]) -> None:
    source = random.Random(7)
    engine = built()
    good = answer(engine, swap_action(slot, slot, json.loads(states[slot]), T0))
    assert good.applied
    refused = 0
    for number in range(16):
        before = engine.serving.exported(slot, "serving")
        got = answer(engine, swap_action(slot, slot, damaged(json.loads(states[slot]), source), T0))
        if not got.applied:
            refused += 1
            assert engine.serving.exported(slot, "serving") == before, number
            continue
        # It decides and learns, or costs its part of an incident; never a record.
        answer(engine, swap_action(slot, slot, json.loads(states[slot]), T0))
    assert refused > 2
    engine.step([*storm(100.0, "db", "web"), Tick(ts=T0 + 170)])
    assert engine.accounts()["conserved"]
    assert engine.accounts()["faults"] == {}


def test_shadow_of_the_shipped_ranker_changes_no_incident(states: dict[str, str]) -> None:
    with_shadow, without = built(), built()
    got = answer(with_shadow, swap_action("causes", "causes", json.loads(states["causes"]), T0, "shadow_model"))
    assert got.applied, got.reason
    answer(without, bare("unsilence", "x"))
    for number in range(3):
        at = 100.0 + 90_000.0 * number
        records: list[Record] = [Tick(ts=T0 + at - 5), *storm(at, "db", "web", "cart"), Tick(ts=T0 + at + 60)]
        assert with_shadow.step(records) == without.step(records)
    report = with_shadow.accounts()["serving"]["causes"]["shadow"]
    assert (report["beside"]["compared"], report["faults"]) == (3, 0)
    with_shadow.serving.trials.remove("causes", "shadow")
    assert with_shadow.snapshot() == without.snapshot()


def test_restart_finds_a_swapped_ranker_with_its_state(states: dict[str, str]) -> None:
    engine, other = built(), built()
    for verb in ("swap_model", "shadow_model"):
        answer(engine, swap_action("causes", "causes", json.loads(states["causes"]), T0, verb))
    other.restore_parts(engine.snapshot_parts())
    assert other.serving.exported("causes", "serving") == ("causes", states["causes"])
    assert other.snapshot() == engine.snapshot()


def test_engine_without_a_factory_says_so() -> None:
    engine = Engine(models=Models(ranker=Learner()))
    [got] = [e for e in engine.step([swap_action("causes", "x", state(), T0)]) if isinstance(e, Feedback)]
    assert "expected an engine that can make models" in got.reason
    with pytest.raises(UsageError):
        engine.ranking.made("causes", "x")


def test_sample_is_the_same_each_time() -> None:
    assert sample() == sample()
    assert canonical([fact.entity for fact in sample().facts]) == '["sample-db-1","sample-web"]'


LESSONS = [
    ["act-1", "split", T0, "alice", "inc-1", [["Errors", "cart"]], [["Latency", "web"]]],
    ["act-2", "merge", T0, "bob", "inc-2", [["Disk", "db"]], [["Swap", "mail"]]],
]


def grouping(algorithm: str, state: Any) -> Action:
    return swap_action("grouping", algorithm, state, T0)


def test_lessons_are_swapped_and_rolled_back_to_the_byte() -> None:
    engine = built()
    got = answer(engine, grouping("lessons", LESSONS))
    assert got.reason.endswith(f"; state {digest_of('lessons', canonical(LESSONS))}")
    assert engine.serving.exported("grouping", "serving") == ("lessons", canonical(LESSONS))
    cart, web = ("Errors", "cart"), ("Latency", "web")
    assert engine.correlate.lessons.nats(cart, web, int(T0 / 86_400)) < 0.0
    assert answer(engine, grouping("lessons", LESSONS[1:])).applied
    assert engine.correlate.lessons.nats(cart, web, int(T0 / 86_400)) == 0.0
    assert answer(engine, bare("swap_model", "grouping", **{"from": "previous"})).applied
    assert engine.serving.exported("grouping", "serving") == ("lessons", canonical(LESSONS))
    assert answer(engine, grouping("none", None)).applied
    assert engine.serving.exported("grouping", "serving") == ("lessons", "[]")


@pytest.mark.parametrize(
    ("algorithm", "state", "reason"),
    [
        ("magic", LESSONS, "expected lessons or none; got 'magic'"),
        ("lessons", [["x"]], "no state of 'lessons'"),
        ("lessons", {"a": 1}, "no state of 'lessons'"),
        ("lessons", None, "no state of 'lessons'"),
        ("lessons", [["a", "steal", 1.0, "b", "i", [], []]], "expected one of merge, split, belongs, wrong"),
        ("lessons", [["a", "split", [], "b", "i", [], []]], "no state of 'lessons'"),
    ],
)
def test_lessons_that_are_none_are_refused_and_change_nothing(algorithm: str, state: Any, reason: str) -> None:
    engine = built()
    answer(engine, grouping("lessons", LESSONS))
    got = answer(engine, grouping(algorithm, state))
    assert (got.applied, reason in got.reason) == (False, True), got.reason
    assert engine.serving.exported("grouping", "serving") == ("lessons", canonical(LESSONS))


def test_damaged_lessons_are_refused_whole_or_served_without_harm() -> None:
    source, engine = random.Random(7), built()
    for _ in range(40):
        before = engine.serving.exported("grouping", "serving")
        if not answer(engine, grouping("lessons", damaged(LESSONS, source))).applied:
            assert engine.serving.exported("grouping", "serving") == before
    engine.step([*storm(100.0, "db", "web"), Tick(ts=T0 + 170)])
    assert engine.accounts()["conserved"]
    assert engine.accounts()["faults"] == {}
