"""Reads over HTTP: GET alone, with the secret of the system, and a reason for whatever is no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aiops.collect.http_reader import MAX_ANSWER_BYTES, HttpReader, HttpSystem
from aiops.collect.requests import Read
from aiops.collect.tables import ReadFailed
from aiops.respond.config import RunSecret
from aiops.respond.transport import RunTransport
from aiops.step_kinds.systems import System
from aiops.testing.receiver import Receiver, Reply

READ = Read("prometheus", 5.0, "/api/v1/query?query=up")


@pytest.fixture
def opened(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., HttpReader]]:
    monkeypatch.setenv("TOKEN", "tok-123456")
    secrets = {"prometheus": RunSecret(use="bearer", hosts=["127.0.0.1"], env="TOKEN")}
    made: list[HttpReader] = []

    def make(secret: str | None = "prometheus", **options: Any) -> HttpReader:
        system = System("prometheus", "prometheus", f"{receiver.url}/base", secret)
        transport = RunTransport(secrets, **{"systems": {"prometheus": system}, "allow_private": True, **options})
        made.append(HttpReader(HttpSystem("prometheus", "prometheus", f"{receiver.url}/base/", secret), transport))
        return made[-1]

    yield make
    for reader in made:
        reader.close()


def test_a_get_below_the_address_of_the_system(opened: Callable[..., HttpReader], receiver: Receiver) -> None:
    receiver.replies = [Reply(200, b'{"a": 1}')]
    assert opened().read(READ, lambda: True) == b'{"a": 1}'
    (request,) = receiver.requests
    assert (request.method, request.path, request.body) == ("GET", "/base/api/v1/query?query=up", b"")
    assert (request.headers["authorization"], request.headers["accept"]) == ("Bearer tok-123456", "application/json")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (403, b"no tok-123456", r"answered with status 403: no \[redacted\]"),
        (302, b"", "answered with status 302: no text"),
        (200, b"x" * (MAX_ANSWER_BYTES + 1), "longer than 512 KiB"),
    ],
)
def test_what_is_no_answer(
    opened: Callable[..., HttpReader], receiver: Receiver, status: int, body: bytes, reason: str
) -> None:
    receiver.replies = [Reply(status, body)]
    with pytest.raises(ReadFailed, match=reason):
        opened().read(READ, lambda: True)
    assert len(receiver.requests) == 1, "no redirect is followed and nothing is repeated"


def test_private_addresses_and_stops_send_nothing(opened: Callable[..., HttpReader], receiver: Receiver) -> None:
    with pytest.raises(ReadFailed, match="http needs allow_private"):
        opened(None, allow_private=False).read(READ, lambda: True)
    with pytest.raises(ReadFailed, match="not sent"):
        opened().read(READ, lambda: False)
    assert not receiver.requests


def test_an_answer_that_broke_off_is_none(opened: Callable[..., HttpReader], receiver: Receiver) -> None:
    """Half of the lines of a log would be taken for all of them."""
    receiver.replies = [Reply(200, b"all is well\n" * 9, cut="inside")]
    with pytest.raises(ReadFailed, match="broke off before its end"):
        opened().read(READ, lambda: True)
