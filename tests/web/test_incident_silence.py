"""The silence of an incident over the API: what fires of it, what it leaves, and what it mutes beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from aiops.matchers import read_matchers
from aiops.records import Alert
from aiops.web import incident_silence
from aiops.web.incident_silence import share_of, show_incident_silence
from aiops.web.incidents import show_incident
from tests.web.calls import Desk, desk_in, refused
from tests.web.conftest import HOSTILE, NOW


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as found:
        yield found


def end(desk: Desk, *names: str) -> None:
    desk.host.fold(
        [
            Alert(ts=NOW, name=name, id=f"end-{name}", entity="checkout", service="checkout", status="resolved")
            for name in names
        ]
    )


def test_matchers_mute_what_fires_and_not_what_ended(desk: Desk) -> None:
    end(desk, "CheckoutLatency")
    found = show_incident_silence(desk.call())
    assert (found.share.firing, found.share.muted, found.share.left) == (2, 2, [])
    assert "CheckoutLatency" not in str(found.matchers[0])


def test_others_that_it_would_mute_are_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    known = incident_silence._recent(desk.call())
    others = [
        replace(known[0], fingerprint=f"other-{n}", name="MailQueueFull", incident=incident, is_firing=is_firing)
        for n, (incident, is_firing) in enumerate([("inc-x", True), ("inc-y", True), (None, True), ("inc-x", False)])
    ]
    monkeypatch.setattr(incident_silence, "_recent", lambda call: [*known, *others])
    found = show_incident_silence(desk.call())
    assert (found.share.muted, found.share.also, found.share.loose) == (3, 0, 0)
    incident = show_incident(desk.call()).incident
    matchers = read_matchers('alertname=~"CheckoutErrors|MailQueueFull"')
    share = share_of(desk.call(), incident, matchers)
    assert (share.muted, share.also, share.loose) == (1, 2, 1)
    assert share_of(desk.call(), incident, matchers, ["inc-y"]).also == 1


def test_streams_that_stay_are_named(desk: Desk) -> None:
    incident = show_incident(desk.call()).incident
    share = share_of(desk.call(), incident, read_matchers('alertname="CheckoutErrors"'))
    assert (share.firing, share.muted) == (3, 1)
    assert sorted(share.left) == sorted([f"{HOSTILE} on checkout", "CheckoutLatency on checkout"])


def test_incident_of_which_nothing_fires_says_so(desk: Desk) -> None:
    end(desk, "CheckoutLatency", "CheckoutErrors", HOSTILE)
    found = show_incident_silence(desk.call())
    assert (found.share.firing, found.share.muted) == (0, 0)
    assert found.matchers


def test_incident_that_is_not_there_is_404(desk: Desk) -> None:
    with refused(404, "inc-none"):
        show_incident_silence(desk.call(id="inc-none"))
