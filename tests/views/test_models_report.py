"""Models for people: the slots that there are, in order, with the titles of incidents on which two differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aiops.engine.events import IncidentChanged
from aiops.engine.serving.comparison import Tally
from aiops.store.store import FrameDecisions, Store
from aiops.views.models_report import DECIDES, Counts, ModelsReport, models_report
from tests.engine.serving.models import T0, answer, bare, engine_of, record, state, storm


class Host:
    """A host with a store, and a health that a test sets."""

    def __init__(self, directory: Path) -> None:
        self.store = Store(directory)
        self.found: dict[str, Any] = {}

    def health(self) -> dict[str, Any]:
        return self.found


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_counts_are_those_of_the_engine() -> None:
    assert Counts.__struct_fields__ == Tally.__struct_fields__


def test_host_without_models_has_no_slots(host: Host) -> None:
    assert models_report(host) == ModelsReport([])
    host.store.close()


def test_slots_stand_in_one_order_and_unknown_ones_last(host: Host) -> None:
    named = {"model": "m", "version": "1", "digest": "d"}
    host.found = {"models": dict.fromkeys(("new", "similar", "detect", "causes"), named), "watch": {"drift": 1}}
    found = models_report(host)
    assert [one.slot for one in found.slots] == ["causes", "similar", "detect", "new"]
    assert [one.decides for one in found.slots] == [DECIDES["causes"], DECIDES["similar"], DECIDES["detect"], ""]
    assert found.watch == {"drift": 1}
    host.store.close()


def test_examples_have_the_titles_of_their_incidents(host: Host) -> None:
    engine = engine_of()
    answer(engine, record("canary_model", "causes", state(bias={"web-1": 9.0}), services="web"))
    events = [*engine.step(storm(10.0, "db", "web")), *engine.step([bare("unsilence", "x")]), *engine.finish()]
    changed = [one for one in events if isinstance(one, IncidentChanged)]
    host.store.apply([FrameDecisions(0, T0, events)])
    host.found = {"models": {"causes": {"model": "m", **engine.accounts()["serving"]["causes"]}}}
    [slot] = models_report(host).slots
    assert slot.canary is not None
    assert (slot.shadow, slot.canary.services, slot.canary.by) == (None, ["web"], "ann")
    [example] = slot.canary.examples
    assert (example.incident, example.title) == (changed[-1].incident.id, changed[-1].incident.title)
    assert (example.serving[0], example.candidate[0], example.decided) == ("db-1", "web-1", True)
    host.store.close()
