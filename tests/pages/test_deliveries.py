"""The page of deliveries: endpoints in words, messages with their buttons, one message with its body."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.pages.deliveries import card
from aiops.store.outbox import Entry
from aiops.web.bodies import Endpoint
from tests.pages.test_pages import page
from tests.web.conftest import HOSTILE, NOW


def post(site: Any, path: str, status: int = 303, **fields: Any) -> Any:
    answer = site.client.post(path, data=fields or {"x": "y"}, headers=site.origin)
    assert answer.status_code == status, answer.text
    return answer


def states(site: Any) -> dict[int, str]:
    return {row.id: row.state for row in site.host.store.outbox.rows()}


def test_page_shows_who_was_not_notified_and_by_whom_it_is_known(site: Any) -> None:
    text = " ".join(page(site, "/deliveries").text.split())
    assert "pager 1 message did not arrive. Nobody else was notified of it." in text
    assert "Disabled" in text
    assert "400: no such key" in text
    assert "Not delivered 1" in text
    assert "Waiting 1" in text
    with site.host.store.database.transaction() as connection:
        entry = Entry(
            endpoint="chat", incident=site.incident, version=9, change="opened", body=b"{}", at=NOW, due_at=NOW
        )
        site.host.store.outbox.add(connection, [entry], NOW)
        connection.execute("update outbox set state = 'sent' where endpoint = 'chat'")
    assert "chat has it." in page(site, "/deliveries").text


def test_messages_are_sent_again_dropped_and_restored(site: Any) -> None:
    post(site, "/deliveries/retry", 400)
    post(site, "/deliveries/retry", 400, id="x")
    post(site, "/deliveries/retry", 409, id="999")
    post(site, "/deliveries/drop", id="1")
    assert states(site)[1] == "dropped"
    assert "1 message is dropped." in page(site, "/deliveries").text
    post(site, "/deliveries/restore", id="1")
    assert states(site)[1] == "dead"
    post(site, "/deliveries/retry", all="yes")
    assert states(site)[1] == "due"
    post(site, "/deliveries/delete", 404, id="1")


def test_several_messages_are_chosen_by_their_boxes(site: Any) -> None:
    with site.host.store.database.transaction() as connection:
        for number in range(3, 6):
            entry = Entry(
                endpoint="chat", incident=f"i-{number}", version=1, change="opened", body=b"{}", at=NOW, due_at=NOW
            )
            site.host.store.outbox.add(connection, [entry], NOW)
        connection.execute("update outbox set state = 'dead' where endpoint = 'chat'")
    post(site, "/deliveries/drop", id=["3", "5"])
    assert {number: state for number, state in states(site).items() if number >= 3} == {
        3: "dropped",
        4: "dead",
        5: "dropped",
    }


def test_one_message_is_shown_with_its_body(site: Any) -> None:
    shown = page(site, "/deliveries/1")
    assert "What was to be sent" in shown.text
    assert HOSTILE in shown.text
    assert "script" not in shown.tags
    assert "The incident at version 1" in shown.text
    for path in ("/deliveries/999", "/deliveries/99999999999999999999999"):
        assert site.client.get(path).status_code == 404
    assert site.client.get("/deliveries/x").status_code in (404, 405)


def test_test_message_is_answered_with_what_the_endpoint_said(site: Any) -> None:
    answer = post(site, "/endpoints/pager/test", 409)
    assert "not accepted by pager: HTTP 410 Gone" in answer.text
    post(site, "/endpoints/pager/enable", reason="it is back")
    post(site, "/endpoints/pager/test")
    assert "pager accepted a test message (HTTP 200)." in page(site, "/deliveries").text
    post(site, "/endpoints/nobody/test", 404)


@pytest.mark.parametrize("query", ["state=lost", "before=x", "before=-1", "before=" + "9" * 30])
def test_address_that_does_not_fit_is_refused(lasting: Any, query: str) -> None:
    assert lasting.client.get(f"/deliveries?{query}").status_code == 400


@pytest.mark.parametrize("query", ["state=dead", "state=due", "state=sent", "state=dropped", "endpoint=pager&before=2"])
def test_messages_are_chosen_by_state(lasting: Any, query: str) -> None:
    assert lasting.client.get(f"/deliveries?{query}").status_code == 200


@pytest.mark.parametrize(
    ("given", "state", "kind"),
    [
        ({"disabled": True, "detail": "disabled: HTTP 410"}, "Disabled", "critical"),
        ({"undelivered": 2}, "2 not delivered", "critical"),
        ({"breaker": "open", "detail": "HTTP 503"}, "Does not answer", "high"),
        ({"waiting": 3, "detail": "HTTP 503"}, "3 being retried", "warning"),
        ({"waiting": 3}, "3 waiting", ""),
        ({}, "Nothing sent yet", ""),
        ({"sent": 1}, "Delivering", "ok"),
    ],
)
def test_endpoint_is_described_in_words(given: dict[str, Any], state: str, kind: str) -> None:
    values = {"ok": True, "detail": "", "breaker": "closed", "disabled": False, "in_flight": 0, **given}
    found = card(Endpoint("pager", **values), "HTTP 400")
    assert (found.state, found.kind) == (state, kind)
    assert found.text.endswith(".")
