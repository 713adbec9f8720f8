"""Requests below the path of the address that people use."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from aiops.http.prefix import Prefixed


def page(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.scope['path']} {request.scope['raw_path'].decode()}")


def client(base: str) -> TestClient:
    return TestClient(Prefixed(Starlette(routes=[Route("/{rest:path}", page)]), base))


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("/ops/incidents", "/incidents"),
        ("/ops/", "/"),
        ("/ops", "/"),
        ("/incidents", "/incidents"),
        ("/", "/"),
        ("/opsx/incidents", "/opsx/incidents"),
        ("/ops/ops/x", "/ops/x"),
    ],
)
def test_path_below_the_base_and_the_bare_one_are_the_same(asked: str, served: str) -> None:
    assert client("/ops").get(asked).text == f"{served} {served}"


def test_escapes_of_the_rest_stay_as_they_were_sent() -> None:
    assert client("/ops").get("/ops/a%2Fb").text == "/a/b /a%2Fb"


@pytest.mark.parametrize("asked", ["/", "/ops", "/x/y"])
def test_without_a_base_nothing_changes(asked: str) -> None:
    assert client("").get(asked).text == f"{asked} {asked}"


def test_start_and_end_of_the_server_are_passed_on() -> None:
    """A lifespan message has no path."""
    with client("/ops") as opened:
        assert opened.get("/ops/x").status_code == 200
