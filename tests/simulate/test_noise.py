"""What sites send when nothing is broken."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from aiops.engine.silences.actions import parse_silence
from aiops.records import Action, Change
from aiops.simulate.noise import MAINTENANCE_ALERTS, background, deploy, planned_work
from aiops.simulate.options import Options
from aiops.simulate.site import build_site
from aiops.simulate.streams import messages

OPTIONS = Options(seed=1, services=24, noise=6.0, hours=4.0)
SITE = build_site(Random(2), 24)


@pytest.mark.parametrize("seed", range(3))
def test_background_is_about_as_many_messages_as_asked_for(seed: int) -> None:
    random = Random(seed)
    count = sum(1 for stream in background(SITE, OPTIONS, random) for _ in messages(stream, SITE, Random(seed)))
    wanted = OPTIONS.noise * OPTIONS.services * OPTIONS.hours
    assert 0.6 * wanted < count < 1.6 * wanted


def test_background_belongs_to_no_incident_and_to_the_site() -> None:
    for stream in background(SITE, OPTIONS, Random(1)):
        assert stream.incident is None
        assert stream.entity in SITE.topology.nodes
        assert stream.onset >= OPTIONS.start
        assert stream.end > stream.onset


def test_no_noise_is_no_background() -> None:
    assert list(background(SITE, Options(services=24, noise=0.0, hours=4.0), Random(1))) == []


def test_planned_work_is_announced_and_mostly_silenced() -> None:
    options = Options(services=24, hours=200.0)
    records, streams = planned_work(SITE, options, Random(1))
    works = [record for record in records if isinstance(record, Change) and record.name == "maintenance"]
    silences = [record for record in records if isinstance(record, Action)]
    assert len(works) == 100
    assert 50 < len(silences) < 90
    assert len(streams) == len(works) * len(MAINTENANCE_ALERTS)
    assert {stream.entity for stream in streams} <= set(SITE.hosts)


def test_silences_are_ones_that_the_engine_takes() -> None:
    records, _ = planned_work(SITE, Options(services=24, hours=50.0), Random(1))
    for action in [record for record in records if isinstance(record, Action)]:
        silence = parse_silence(action, action.ts)
        assert silence.end > action.ts
        assert len(msgspec.json.decode(action.args["matchers"])) == 2


@pytest.mark.parametrize("name", ["deploy", "config"])
def test_deploy_names_the_service_and_a_version(name: str) -> None:
    change = deploy("cart", 5.0004, Random(1), name)
    assert (change.entity, change.name, change.ts) == ("cart", name, 5.0)
    assert change.labels["version"] in (change.message or "")
