"""Streams: the messages of one episode."""

from __future__ import annotations

from random import Random

import pytest

from aiops.simulate.signals import SIGNALS
from aiops.simulate.site import build_site
from aiops.simulate.streams import WITHOUT_START, Stream, messages, place

SITE = build_site(Random(5), 12)
T0 = 1_772_438_400.0


def stream(signal: str, entity: str, **more: object) -> Stream:
    return Stream(signal, entity, T0, T0 + 600.0, period_s=60.0, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("signal", sorted(SIGNALS))
def test_episode_fires_again_and_again_and_resolves_once(signal: str) -> None:
    found = list(messages(stream(signal, SITE.services[0]), SITE, Random(1)))
    assert [each.status for each in found[-1:]] == ["resolved"]
    assert {each.status for each in found[:-1]} == {"firing"}
    assert 9 <= len(found) - 1 <= 12
    assert [each.ts for each in found] == sorted(each.ts for each in found)
    assert found[-1].ts == T0 + 600.0
    assert all("{" not in (each.message or "") for each in found)


@pytest.mark.parametrize("signal", sorted(SIGNALS))
def test_beginning_is_told_by_tools_that_know_it(signal: str) -> None:
    tells = SIGNALS[signal].source not in WITHOUT_START
    for each in messages(stream(signal, SITE.services[0]), SITE, Random(1)):
        assert (each.starts_at == T0) == tells
        assert (each.ends_at is not None) == (tells and each.status == "resolved")


def test_stream_that_never_resolves_only_fires() -> None:
    found = list(messages(stream("LogErrorsDetected", SITE.services[0], resolves=False), SITE, Random(1)))
    assert {each.status for each in found} == {"firing"}


@pytest.mark.parametrize(("incident", "root"), [("fault-001", True), ("fault-001", False), (None, True)])
def test_truth_names_the_incident_and_the_root(incident: str | None, root: bool) -> None:
    [first, *_] = messages(stream("LogErrorsDetected", SITE.services[0], incident=incident, root=root), SITE, Random(1))
    assert first.truth is not None
    assert first.truth.incident == incident
    assert first.truth.root_cause is (root if incident else None)


def test_labels_say_where_an_entity_is() -> None:
    service = SITE.services[0]
    pod = SITE.pods[service][0]
    assert place(SITE, SITE.hosts[0]) == {"env": "prod", "node": SITE.hosts[0]}
    assert place(SITE, service)["deployment"] == service
    found = place(SITE, pod)
    assert (found["pod"], found["deployment"], found["node"]) == (pod, service, SITE.host_of[pod])


def test_labels_of_a_stream_stand_over_those_of_its_place() -> None:
    [first, *_] = messages(stream("LogErrorsDetected", SITE.services[0], labels={"env": "test"}), SITE, Random(1))
    assert first.labels["env"] == "test"
