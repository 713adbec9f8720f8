"""What holds for each answer of the application, whichever route made it."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from aiops.http.auth import Guard
from aiops.web.app import HEADERS, create_app
from tests.web.conftest import SmallHost


async def _break(request: Request) -> Response:
    raise ValueError("a private detail")


def test_faults_and_unknown_paths_have_the_headers_of_all_answers(tmp_path: Path) -> None:
    app = create_app(SmallHost(tmp_path), Guard([], "127.0.0.1"), [Route("/broken", _break)])
    client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    for path, status in (("/broken", 500), ("/nothing", 404)):
        answer = client.get(path)
        assert (answer.status_code, "private" in answer.text) == (status, False)
        for name, value in HEADERS:
            assert answer.headers[name.decode()] == value.decode(), path
