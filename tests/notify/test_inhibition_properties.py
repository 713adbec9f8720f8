"""The three invariants of inhibition, over random stories on a real engine.

Only notifications are held, never detection; only openings, never the end of what was opened; and what is held and
outlives what holds it is notified.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from aiops.engine.events import IncidentChanged, Placed
from aiops.engine.incidents.clusters import streams_of
from aiops.store.held import Held, held_of
from aiops.topology import Edge, Node, Topology
from tests.notify.engine_desk import EngineDesk
from tests.notify.test_inhibition import BY_TOPOLOGY, RACK

GRAPH = Topology.build(
    [Node(name) for name in ("a", "b", "c")], [Edge("a", "b", "calls"), Edge("b", "c", "uses"), Edge("c", "a", "calls")]
)
# By name and entity; what stands in a rack is inhibited while the rack is down.
ALERTS = [
    ("RackDown", "rack-1", "critical", "1"),
    ("RackDown", "rack-2", "high", "2"),
    ("HostDown", "a", "warning", "1"),
    ("HostSlow", "b", "high", "1"),
    ("DiskFull", "c", "critical", "2"),
    ("Lonely", "x", "warning", ""),
]
Step = tuple[str, int]
STORIES = st.lists(
    st.one_of(
        st.tuples(st.just("fire"), st.integers(0, len(ALERTS) - 1)),
        st.tuples(st.just("end"), st.integers(0, len(ALERTS) - 1)),
        st.tuples(st.just("wait"), st.integers(1, 20)),
    ),
    max_size=14,
)


def play(desk: EngineDesk, story: list[Step]) -> None:
    for kind, value in story:
        if kind == "wait":
            desk.wait(value)
            continue
        name, entity, severity, rack = ALERTS[value]
        act = desk.fire if kind == "fire" else desk.end
        act(name, entity, severity, rack=rack)


def end_all(desk: EngineDesk, *names: str) -> None:
    for name, entity, severity, rack in ALERTS:
        if not names or name in names:
            desk.end(name, entity, severity, rack=rack)


def wait_until_ended(desk: EngineDesk) -> None:
    """Wait until all incidents have ended, and their ends are sent.

    One whose alert has returned stays open over two and a half of its pauses, each as long as all waits of a story.
    """
    for _ in range(40):
        desk.wait(40)
        if not desk.engine.incidents.open_count:
            return
    raise AssertionError("an incident that ended stays open")


def decisions(desk: EngineDesk) -> list[Any]:
    kept = [one for one in desk.events if isinstance(one, IncidentChanged | Placed)]
    return [msgspec.to_builtins(one) for one in kept]


def racks_down(desk: EngineDesk) -> set[str]:
    clusters = desk.engine.clusters.by_number.values()
    firing = [one for cluster in clusters for one in streams_of(cluster) if one.is_firing]
    return {one.labels["rack"] for one in firing if one.name == "RackDown"}


def uninhibited(desk: EngineDesk) -> set[str]:
    """Open incidents with a firing alert that no rack holds."""
    found = set()
    for name, state in desk.engine.incidents.by_id.items():
        cluster = desk.engine.clusters.of(state.cluster)
        firing = [one for one in streams_of(cluster) if one.is_firing] if cluster is not None else []
        if state.status != "resolved" and any(
            one.name == "RackDown" or one.labels["rack"] not in racks_down(desk) for one in firing
        ):
            found.add(name)
    return found


def course(desk: EngineDesk, incident: str) -> list[str]:
    """What opened an incident for the chat, and what ended it."""
    begins_and_ends = ("opened", "reopened", "returned", "resolved")
    return [one for one in desk.by_incident.get(incident, []) if one in begins_and_ends]


def is_open_at_chat(desk: EngineDesk, incident: str) -> bool:
    changes = course(desk, incident)
    return bool(changes) and changes[-1] != "resolved"


def held(desk: EngineDesk) -> list[Held]:
    found = held_of(desk.store.database.reader, desk.names)
    return [one for each in found.values() for one in each]


# A story takes a tenth of a second; a failing one is short as it is.
STORY = settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])


@STORY
@given(story=STORIES, text=st.sampled_from([RACK, BY_TOPOLOGY, RACK + BY_TOPOLOGY]))
def test_detection_is_the_same_and_ends_are_sent(
    tmp_path_factory: pytest.TempPathFactory, story: list[Step], text: str
) -> None:
    desks = [EngineDesk(tmp_path_factory.mktemp("desk"), one, GRAPH) for one in (text, "")]
    try:
        for desk in desks:
            play(desk, story)
            desk.wait(10)
            end_all(desk)
            wait_until_ended(desk)
        muted, free = desks
        assert decisions(muted) == decisions(free), "only notifications differ"
        for name in muted.names:
            changes = course(muted, name)
            assert changes[1::2] == ["resolved"] * (len(changes) // 2)
            assert "resolved" not in changes[::2], "an end follows an opening"
            assert len(changes) % 2 == 0, "what was opened has its end"
        assert held(muted) == []
    finally:
        for desk in desks:
            desk.store.close()


@STORY
@given(story=STORIES)
def test_what_is_not_inhibited_is_notified_and_what_outlives_its_rack_is(
    tmp_path_factory: pytest.TempPathFactory, story: list[Step]
) -> None:
    desk = EngineDesk(tmp_path_factory.mktemp("desk"), RACK)
    try:
        play(desk, story)
        # Settling takes five seconds, a reopening fifteen since the message before, and a look one.
        desk.wait(17)
        for name in uninhibited(desk):
            assert is_open_at_chat(desk, name), f"{name} fires and nothing inhibits it"
        for one in held(desk):
            assert not is_open_at_chat(desk, one.incident), "what was notified is not held"
            assert one.hold.by.startswith("RackDown")
        end_all(desk, "RackDown")
        desk.wait(3)
        assert racks_down(desk) == set()
        for name in uninhibited(desk):
            assert is_open_at_chat(desk, name), f"{name} outlives its rack"
    finally:
        desk.store.close()


@STORY
@given(story=STORIES)
def test_no_story_mutes_everything_by_topology(tmp_path_factory: pytest.TempPathFactory, story: list[Step]) -> None:
    desk = EngineDesk(tmp_path_factory.mktemp("desk"), BY_TOPOLOGY, GRAPH)
    try:
        play(desk, story)
        desk.wait(17)
        incidents = desk.engine.incidents.by_id
        for one in held(desk):
            cause = str(one.hold.incident)
            assert is_open_at_chat(desk, cause), "muted by what nobody was notified of"
            assert incidents[cause].severity >= incidents[one.incident].severity
    finally:
        desk.store.close()
