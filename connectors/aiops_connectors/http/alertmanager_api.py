"""Queries of Prometheus and amtool to an Alertmanager, beside posting alerts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from aiops.http.auth import CHALLENGES, Guard, Refusal
from aiops.records.decode import format_time
from aiops.version import __version__


class Status:
    """`GET /api/v2/status` in the smallest form that clients accept, and an empty `GET /api/v2/alerts`.

    Alerts are not kept here by label as Alertmanager keeps them: incidents are in the API.
    """

    def __init__(self, guard: Guard, started_at: float) -> None:
        self._guard = guard
        self._started_at = started_at

    def _refused(self, request: Request) -> Response | None:
        found = self._guard.check(request.headers, "ingest")
        if not isinstance(found, Refusal):
            return None
        answer = JSONResponse({"error": found.reason}, found.status)
        for name, value in CHALLENGES if found.status == 401 else ():
            answer.headers.append(name.decode(), value.decode())
        return answer

    async def status(self, request: Request) -> Response:
        """Return the version and the start time."""
        refused = self._refused(request)
        if refused is not None:
            return refused
        version = {
            "version": __version__,
            "branch": "",
            "buildDate": "",
            "buildUser": "",
            "goVersion": "",
            "revision": "",
        }
        return JSONResponse(
            {
                "cluster": {"status": "disabled", "peers": []},
                "config": {"original": ""},
                "uptime": format_time(self._started_at),
                "versionInfo": version,
            }
        )

    async def alerts(self, request: Request) -> Response:
        """No alerts: see the incidents."""
        refused = self._refused(request)
        if refused is not None:
            return refused
        return JSONResponse([])
