"""The client against a real server: what it refuses, what it bounds, and what it never tells."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from aiops.errors import UsageError
from aiops.http.answers import answer_of, answer_of_failure
from aiops.http.client import MAX_ANSWER_BYTES, HttpClient, HttpFailure
from aiops.testing.receiver import Receiver, Reply

PUBLIC = "93.184.215.14"


class Names:
    """A resolver that gives each name its addresses in turn, as one who rebinds a name does."""

    def __init__(self, *turns: Sequence[str]) -> None:
        self.turns = list(turns)
        self.asked = 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]


Open = Callable[..., HttpClient]


@pytest.fixture
def opened() -> Iterator[Open]:
    clients: list[HttpClient] = []

    def make(**options: Any) -> HttpClient:
        clients.append(HttpClient(**options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def test_host_header_is_the_name_and_the_connection_goes_to_the_checked_address(
    opened: Open, receiver: Receiver
) -> None:
    lookup = Names(["127.0.0.1"])
    client = opened(allow_private=True, resolve=lookup)
    reply = client.send("POST", f"http://pager.example.org:{receiver.port}/in?a=b", body=b"{}", headers={"X-A": "1"})
    (request,) = receiver.requests
    assert reply.status == 200
    assert request.headers["host"] == f"pager.example.org:{receiver.port}"
    assert (request.method, request.path, request.body) == ("POST", "/in?a=b", b"{}")
    assert request.headers["x-a"] == "1"
    assert lookup.asked == 1


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1", "100.64.0.1", "0.0.0.0"],
)
def test_names_that_lead_inside_are_refused(opened: Open, receiver: Receiver, address: str) -> None:
    client = opened(resolve=Names([address]))
    with pytest.raises(HttpFailure, match="refused to connect") as caught:
        client.send("POST", f"https://hooks.example.org:{receiver.port}/secret-path")
    assert "secret-path" not in str(caught.value)
    assert caught.value.retry, "a name server that is wrong for a minute must not cost a page"
    assert receiver.requests == []


def test_a_name_that_turns_inside_between_check_and_connection_gains_nothing(opened: Open, receiver: Receiver) -> None:
    """The first answer is public and refuses the connection; a second look would lead to this host."""
    lookup = Names(["192.0.2.1"], ["127.0.0.1"])
    client = opened(allow_private=False, resolve=lookup)
    for _ in range(2):
        with pytest.raises(HttpFailure):
            client.send("POST", f"https://hooks.example.org:{receiver.port}/", timeout_s=0.3)
    assert receiver.requests == []


def test_only_the_good_addresses_of_a_name_are_used() -> None:
    from aiops.http.connections import Deadline, GuardedBackend

    backend = GuardedBackend(Names(["10.0.0.1", PUBLIC, "::1"]), Deadline(), allow_private=False)
    assert backend.permitted("hooks.example.org", 443) == [PUBLIC]


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "localhost", "[::1]", "127.0.0.1"])
def test_every_spelling_of_this_host_is_refused_by_the_real_resolver(
    opened: Open, receiver: Receiver, host: str
) -> None:
    client = opened()
    with pytest.raises(HttpFailure) as caught:
        client.send("POST", f"https://{host}:{receiver.port}/")
    assert any(why in str(caught.value) for why in ("refused to connect", "no address", "expected a URL"))
    assert receiver.requests == []


@pytest.mark.parametrize(
    "url", ["http://hooks.example.org/", "ftp://hooks.example.org/", "file:///etc/passwd", "x", ""]
)
def test_only_https_unless_private(opened: Open, url: str) -> None:
    client = opened(resolve=Names([PUBLIC]))
    with pytest.raises(HttpFailure) as caught:
        client.send("POST", url)
    assert not caught.value.retry
    with pytest.raises(UsageError):
        client.check(url, "endpoints.pager.url")


def test_literal_addresses_are_refused_at_the_check(opened: Open) -> None:
    with pytest.raises(UsageError, match="metadata"):
        opened(allow_private=True).check("http://169.254.169.254/latest", "endpoints.x.url")
    with pytest.raises(UsageError, match="this host"):
        opened().check("https://127.0.0.1/", "endpoints.x.url")
    opened(allow_private=True).check("http://127.0.0.1/", "endpoints.x.url")


@pytest.mark.parametrize(("status", "retry"), [(301, False), (302, True), (307, True), (308, False)])
def test_redirects_are_not_followed(opened: Open, receiver: Receiver, status: int, retry: bool) -> None:
    receiver.replies = [Reply(status, headers={"location": f"{receiver.url}/elsewhere"})]
    answer = answer_of(opened(allow_private=True).send("POST", f"{receiver.url}/"))
    assert (answer.ok, answer.retry, answer.status) == (False, retry, status)
    assert [request.path for request in receiver.requests] == ["/"]


def test_a_connection_dropped_before_the_answer_can_be_retried(opened: Open, receiver: Receiver) -> None:
    receiver.replies = [Reply(cut="before"), Reply(202)]
    client = opened(allow_private=True)
    with pytest.raises(HttpFailure) as caught:
        client.send("POST", f"{receiver.url}/T0/B0")
    answer = answer_of_failure(caught.value)
    assert answer.retry
    assert "T0" not in answer.reason
    assert client.send("POST", f"{receiver.url}/T0/B0").status == 202


def test_a_body_that_breaks_off_leaves_the_status_an_answer(opened: Open, receiver: Receiver) -> None:
    receiver.replies = [Reply(202, b"acc", cut="inside")]
    reply = opened(allow_private=True).send("POST", receiver.url)
    assert (reply.status, reply.body, reply.cut) == (202, b"acc", "it broke off before its end")


def test_a_slow_receiver_is_left_after_the_time(opened: Open, receiver: Receiver) -> None:
    wait = threading.Event()
    receiver.replies = [Reply(wait=wait)]
    with pytest.raises(HttpFailure, match=r"no answer within 0\.2 s"):
        opened(allow_private=True).send("POST", receiver.url, timeout_s=0.2)
    wait.set()


def test_one_deadline_holds_for_a_receiver_that_drips(opened: Open, receiver: Receiver) -> None:
    """Each read is answered in time, all together are not: the clock goes on by a second at each look."""
    ticks = iter(range(1_000))
    receiver.replies = [Reply(200, b"x" * 8)]
    client = opened(allow_private=True, monotonic=lambda: float(next(ticks)))
    with pytest.raises(HttpFailure, match="no answer within 3 s"):
        client.send("POST", receiver.url, timeout_s=3.0)


def test_huge_answers_are_cut(opened: Open, receiver: Receiver) -> None:
    receiver.replies = [Reply(500, b"y" * 5_000_000)]
    reply = opened(allow_private=True).send("POST", receiver.url)
    assert (len(reply.body), reply.cut) == (MAX_ANSWER_BYTES, "it is longer than 16 KiB")
    assert len(answer_of(reply).reason) < 400


def test_secrets_stay_out_of_logs_and_errors(
    opened: Open, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.replies = [Reply(404, f"no hook at {receiver.url}/T0/B0/tok-123456 for tok-123456".encode())]
    client = opened(allow_private=True)
    url = f"http://user:hunter22@127.0.0.1:{receiver.port}/T0/B0/tok-123456"
    answer = answer_of(client.send("POST", url, headers={"authorization": "Bearer tok-123456"}), ["tok-123456"])
    with pytest.raises(HttpFailure) as caught:
        client.send("POST", url, headers={"authorization": "Bearer tok-123456\r\nX: y"})
    for text in (caplog.text, answer.reason, str(caught.value), repr(client), repr(caught.value)):
        assert "tok-123456" not in text
        assert "hunter22" not in text
    assert not caught.value.retry


def test_user_and_password_of_a_url_become_basic_authorization(opened: Open, receiver: Receiver) -> None:
    opened(allow_private=True).send("POST", f"http://u%40x:p@127.0.0.1:{receiver.port}/")
    assert receiver.requests[0].headers["authorization"] == "Basic dUB4OnA="


@pytest.mark.parametrize(
    ("status", "retry", "disable"),
    [
        (400, False, False),
        (401, False, False),
        (404, False, False),
        (408, True, False),
        (410, False, True),
        (413, False, False),
        (425, True, False),
        (429, True, False),
        (500, True, False),
        (503, True, False),
    ],
)
def test_classes_of_answers(opened: Open, receiver: Receiver, status: int, retry: bool, disable: bool) -> None:
    receiver.replies = [Reply(status, b"because", {"Retry-After": "7200"})]
    answer = answer_of(opened(allow_private=True).send("POST", receiver.url))
    assert (answer.ok, answer.retry, answer.disable, answer.status) == (False, retry, disable, status)
    assert answer.retry_after_s == 3600.0
    assert answer.reason == f"HTTP {status}: because"
