"""The outbox, the audit and rejected input over the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.errors import AiopsError
from aiops.web import bodies, deliveries
from tests.web.calls import Desk, desk_in, refused


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for the tests that change nothing."""
    with desk_in(tmp_path_factory.mktemp("state")) as found:
        yield found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as found:
        yield found


def rows(desk: Desk, **query: Any) -> list[bodies.Delivery]:
    return deliveries.list_outbox(desk.call(query=bodies.OutboxQuery(**query))).deliveries


def test_outbox_is_listed_by_state_and_endpoint(still: Desk) -> None:
    assert {row.state for row in rows(still)} == {"dead", "due"}
    [dead] = rows(still, state="dead")
    assert (dead.endpoint, dead.last_status, dead.last_error) == ("pager", 400, "400: no such key")
    assert rows(still, endpoint="elsewhere") == []
    assert len(rows(still, limit=1)) == 1


@pytest.mark.parametrize(("operation", "state"), [(deliveries.retry, "due"), (deliveries.drop, "dropped")])
def test_dead_rows_are_moved_by_id_or_all(desk: Desk, operation: Any, state: str) -> None:
    [dead] = rows(desk, state="dead")
    assert operation(desk.call(bodies.Which([dead.id + 99]))).count == 0
    assert operation(desk.call(bodies.Which([]))).count == 0
    assert operation(desk.call(bodies.Which())).count == 1
    assert operation(desk.call(bodies.Which([dead.id]))).count == 0
    assert next(row for row in rows(desk) if row.id == dead.id).state == state


def test_endpoints_are_listed_and_enabled(desk: Desk) -> None:
    [endpoint] = deliveries.list_endpoints(desk.call()).endpoints
    assert (endpoint.name, endpoint.disabled, endpoint.detail) == ("pager", True, "HTTP 410")
    assert deliveries.enable(desk.call(bodies.Enable("it is back"), name="pager")).enabled
    assert not deliveries.enable(desk.call(bodies.Enable(), name="pager")).enabled
    assert desk.host.delivery.asked == [("pager", "ann", "it is back"), ("pager", "ann", "")]


def test_endpoint_that_is_not_there_is_404(still: Desk) -> None:
    with refused(404, "'gone'"):
        deliveries.enable(still.call(bodies.Enable(), name="gone"))


def test_store_that_refuses_is_503(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*asked: str) -> bool:
        raise AiopsError("the disk is full")

    monkeypatch.setattr(desk.host.delivery, "enable", fail)
    with refused(503, "full"):
        deliveries.enable(desk.call(bodies.Enable(), name="pager"))


def test_without_delivery_there_are_no_endpoints(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.host, "delivery", None)
    assert deliveries.list_endpoints(desk.call()).endpoints == []
    with refused(404):
        deliveries.enable(desk.call(bodies.Enable(), name="pager"))


def test_audit_is_read_in_pages(still: Desk) -> None:
    def entries(**query: Any) -> list[bodies.AuditEntry]:
        return deliveries.list_audit(still.call(query=bodies.AuditQuery(**query))).entries

    whole = entries()
    assert whole
    assert [one.number for one in entries(after=whole[0].number)] == [one.number for one in whole[1:]]
    assert entries(limit=1) == whole[:1]
    assert entries(incident="gone") == []
    assert all(one.incident == still.incident for one in entries(incident=still.incident))


def test_rejected_input_is_listed_without_itself(still: Desk) -> None:
    def letters(**query: Any) -> list[bodies.Letter]:
        return deliveries.list_letters(still.call(query=bodies.LettersQuery(**query))).letters

    [letter] = letters()
    assert (letter.source, letter.place, letter.size) == ("http/archive", "$[3].ts", len(b"secret body"))
    assert b"secret" not in msgspec.json.encode(letter)
    assert letters(before=letter.number) == []


def test_health_is_the_hosts(still: Desk) -> None:
    assert deliveries.health(still.call()).health["status"] == "ok"


def test_endpoint_is_not_ok_while_a_message_was_given_up(desk: Desk) -> None:
    deliveries.enable(desk.call(bodies.Enable(), name="pager"))
    [endpoint] = deliveries.list_endpoints(desk.call()).endpoints
    assert (endpoint.ok, endpoint.undelivered, endpoint.waiting, endpoint.sent) == (False, 1, 1, 0)
    deliveries.drop(desk.call(bodies.Which()))
    [endpoint] = deliveries.list_endpoints(desk.call()).endpoints
    assert (endpoint.ok, endpoint.undelivered, endpoint.type) == (True, 0, "webhook")


def test_delivery_is_shown_with_its_content(still: Desk) -> None:
    found = deliveries.show_delivery(still.call(id="1"))
    assert (found.delivery.state, found.news, found.incident_then) == ("dead", [], {})
    assert found.body is not None
    for id in ("999", "x", "1 ", "١", "9" * 30):
        with refused(404, "number of a delivery"):
            deliveries.show_delivery(still.call(id=id))


def test_dropped_row_is_restored(desk: Desk) -> None:
    [dead] = rows(desk, state="dead")
    deliveries.drop(desk.call(bodies.Which([dead.id])))
    assert deliveries.restore(desk.call(bodies.Which())).count == 0
    assert deliveries.restore(desk.call(bodies.Which([dead.id]))).count == 1
    assert [row.id for row in rows(desk, state="dead")] == [dead.id]


def test_endpoint_is_tried_with_a_test_message(desk: Desk) -> None:
    found = deliveries.try_endpoint(desk.call(bodies.Nothing(), name="pager"))
    assert (found.accepted, found.status, found.reason) == (False, 410, "HTTP 410 Gone")
    deliveries.enable(desk.call(bodies.Enable(), name="pager"))
    assert deliveries.try_endpoint(desk.call(bodies.Nothing(), name="pager")).accepted
    with refused(404, "name of an endpoint"):
        deliveries.try_endpoint(desk.call(bodies.Nothing(), name="nobody"))
