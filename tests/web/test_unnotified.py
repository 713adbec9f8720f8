"""The reason why nobody was notified: no endpoint, all silenced, no endpoint for the severity, or not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from aiops.daemon.parts import NoRouting
from aiops.engine.firing import FiringAlert
from aiops.notify.routing_view import NOBODY as OF_ROUTES
from aiops.notify.routing_view import Routed
from aiops.web.bodies import PlanQuery
from aiops.web.briefs import show_brief
from aiops.web.unnotified import NOBODY, has_endpoints, why_nobody
from tests.search.stored import incident, member
from tests.web.calls import Desk, desk_in
from tests.web.conftest import TwoEndpoints


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as found:
        yield found


class CriticalAlone(TwoEndpoints):
    """Endpoints that get critical alerts."""

    def routed(self, alerts: Sequence[FiringAlert], at: float) -> Sequence[Routed]:
        return [Routed(["pager"] if one.severity == "critical" else [NOBODY], [], []) for one in alerts]


def test_word_for_nobody_is_that_of_the_routes() -> None:
    assert NOBODY == OF_ROUTES


def test_site_without_endpoints_is_the_first_reason(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert has_endpoints(desk.host)
    monkeypatch.setattr(desk.host, "routing", NoRouting())
    assert why_nobody(desk.host, incident("i", member("A", "x", silenced_by="s"))) == "no endpoint is configured"


def test_what_is_silenced_names_the_silence(desk: Desk) -> None:
    muted = member("A", "x", silenced_by="night\n")
    assert why_nobody(desk.host, incident("i", muted)) == "all that fires of it is silenced by night"
    ended = member("B", "x", status="resolved")
    assert "silenced by night" in why_nobody(desk.host, incident("i", muted, ended))
    assert why_nobody(desk.host, incident("i", muted, member("B", "x"))) == ""


def test_severity_that_leads_to_nobody_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.host, "routing", CriticalAlone())
    low = member("A", "x", severity="info")
    assert "no endpoint is set to get these alerts at their severity (info;" in why_nobody(
        desk.host, incident("i", low)
    )
    assert why_nobody(desk.host, incident("i", low, member("B", "x"))) == ""
    assert why_nobody(desk.host, incident("i")) == ""


def test_brief_has_the_reason_where_there_is_no_message(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.host, "routing", NoRouting())
    call = desk.call(query=PlanQuery())
    assert show_brief(call).notified.reason == ""
    with desk.host.store.database.transaction() as connection:
        connection.execute("delete from outbox")
    found = show_brief(call).notified
    assert (found.count, found.reason) == (0, "no endpoint is configured")
