"""The engine over the API: its figures and health, as its page shows them."""

from __future__ import annotations

from aiops.views.engine_report import Engine, engine_report
from aiops.web.operations import Call, Operation


def show_engine(call: Call) -> Engine:
    """Return the engine's figures."""
    return engine_report(call.host)


OPERATIONS = [
    Operation("showEngine", "GET", "/api/v1/engine", "Show the engine's figures", "read", show_engine, Engine),
]
