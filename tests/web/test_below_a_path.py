"""Pages below a path: behind a proxy that takes the path away, one that does not, and reached directly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.http.auth import Token, new_token, token_hash

SECRET = new_token()
PATHS = ("/", "/?status=all", "/silences", "/runs", "/deliveries", "/api", "/login")


@pytest.fixture(params=["", "/aiops"], ids=["path-taken-away", "path-kept"])
def seen(request: pytest.FixtureRequest) -> str:
    """What the server sees of the path."""
    found: str = request.param
    return found


@pytest.fixture
def below(tmp_path: Path, serve: Callable[..., Any]) -> Iterator[Any]:
    tokens = [Token("ann", ["write"], token_hash(SECRET))]
    with serve(tmp_path, tokens, "http://127.0.0.1/aiops/") as found:
        # The cookies are for /aiops; a proxy takes that away after the browser chose them.
        answer = found.client.get("/login")
        found.client.headers["cookie"] = answer.headers["set-cookie"].partition(";")[0]
        signed = found.client.post("/login", data={"token": SECRET}, headers=found.origin)
        assert signed.headers["location"] == "/aiops/"
        session = signed.headers["set-cookie"].partition(";")[0]
        found.client.headers["cookie"] += f"; {session}"
        yield found


def test_links_and_forms_stay_below_the_path(below: Any, seen: str) -> None:
    for path in (*PATHS, f"/incidents/{below.incident}", "/incidents/nothing"):
        text = below.client.get(seen + path).text
        found = re.findall(r'(?:href|action|src)="([^"]*)"', text)
        assert found
        assert [link for link in found if not link.startswith(("/aiops/", "#"))] == [], path
        assert any(link.startswith("/aiops/static/style.") for link in found)


def test_redirects_stay_below_the_path(below: Any, seen: str) -> None:
    client, own = below.client, below.origin

    def goes_to(path: str, fields: dict[str, str]) -> str:
        answer = client.post(seen + path, data=fields, headers=own)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    incident = f"/incidents/{below.incident}"
    assert goes_to(f"{incident}/acknowledge", {"message": "x"}) == f"/aiops{incident}"
    silence = {"matchers": "service=cart", "lasts": "2h"}
    assert goes_to("/silences", silence) == "/aiops/silences"
    assert goes_to("/switches", {"scope": "global", "engaged": "yes"}) == "/aiops/runs"
    assert goes_to("/deliveries/drop", {"all": "yes"}) == "/aiops/deliveries"
    assert goes_to("/endpoints/pager/enable", {"reason": "x"}) == "/aiops/deliveries"
    assert goes_to("/logout", {"x": "y"}) == "/aiops/login"
    assert client.get(seen + "/", headers={"cookie": ""}).headers["location"] == "/aiops/login"


def test_what_is_not_below_the_path_is_not_the_path(below: Any) -> None:
    assert below.client.get("/aiopsx/login").status_code == 404
    assert below.client.get("/aiops").status_code == 200
    assert below.client.get("/silences/").status_code == 404


def test_the_api_says_where_it_is(below: Any) -> None:
    bearer = {"authorization": f"Bearer {SECRET}"}
    assert below.client.get("/api/v1/openapi.json", headers=bearer).json()["servers"] == [{"url": "/aiops"}]
    assert below.client.get("/aiops/api/v1/incidents", headers=bearer).status_code == 200
