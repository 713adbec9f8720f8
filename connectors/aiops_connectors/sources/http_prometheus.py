"""What Prometheus and amtool ask of an Alertmanager beside taking alerts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from aiops import __version__
from aiops.records.decode import format_time
from aiops.web.auth import Guard, Refusal


class Status:
    """`GET /api/v2/status` in the smallest form that clients accept, and an empty `GET /api/v2/alerts`.

    Alerts are not kept here by label as Alertmanager keeps them: incidents are in the API.
    """

    def __init__(self, guard: Guard, started_at: float) -> None:
        self._guard = guard
        self._started_at = started_at

    async def status(self, request: Request) -> Response:
        """Say what runs here since when."""
        found = self._guard.check(request.headers, "ingest")
        if isinstance(found, Refusal):
            return JSONResponse({"error": found.reason}, found.status)
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
        found = self._guard.check(request.headers, "ingest")
        if isinstance(found, Refusal):
            return JSONResponse({"error": found.reason}, found.status)
        return JSONResponse([])
