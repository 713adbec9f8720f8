"""The status and the receivers in Alertmanager's form."""

from __future__ import annotations

from pathlib import Path

import msgspec

from aiops.version import ALERTMANAGER_VERSION, __version__
from aiops.web.alertmanager_status import receivers_of, status_of
from tests.web.calls import desk_in


def test_status_names_both_versions_and_the_routes(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        found = msgspec.to_builtins(status_of(desk.host))
    assert found["cluster"] == {"status": "disabled", "name": "", "peers": []}
    assert found["config"]["original"].startswith("route:\n  receiver: pager\n")
    assert found["uptime"] == "2026-03-01T21:20:00.000Z"
    assert found["versionInfo"]["version"] == ALERTMANAGER_VERSION
    assert __version__ in found["versionInfo"]["revision"]


def test_receivers_are_the_endpoints(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        assert [one.name for one in receivers_of(desk.host)] == ["pager", "chat"]
