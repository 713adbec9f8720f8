"""Handlers of the control socket: what each needs, and the errors where it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from aiops.daemon.control_handlers import Host, handlers_of
from aiops.engine.silence_preview import Preview
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError, UsageError
from aiops.store.store import Store

NOW = 1_772_400_000.0


class Endpoints:
    """A delivery with one disabled endpoint."""

    def __init__(self) -> None:
        self.enabled: list[tuple[str, str, str]] = []

    def endpoints(self) -> Mapping[str, Mapping[str, Any]]:
        return {"pager": {"ok": False, "disabled": True}}

    def enable(self, endpoint: str, actor: str, reason: str = "") -> bool:
        self.enabled.append((endpoint, actor, reason))
        return True


class Daemon:
    """A host without guarded runs."""

    def __init__(self, directory: Path, delivery: Endpoints | None) -> None:
        self.store = Store(directory)
        self.runs = None
        self.delivery = delivery
        self.silences: list[Silence] = []

    def clock(self) -> float:
        return NOW

    def preview(self, silence: Silence) -> Preview:
        self.silences.append(silence)
        return Preview(0, 0, 0, [], [])


def host(directory: Path, delivery: Endpoints | None = None) -> Daemon:
    return Daemon(directory, delivery)


def test_endpoints_are_handled_only_where_something_is_delivered(tmp_path: Path) -> None:
    found = host(tmp_path)
    assert {"endpoints", "enable"} & handlers_of(cast(Host, found)).keys() == set()
    found.store.close()


def test_an_endpoint_is_listed_and_enabled_in_the_name_of_the_actor(tmp_path: Path) -> None:
    delivery = Endpoints()
    found = host(tmp_path, delivery)
    handlers = handlers_of(cast(Host, found))
    assert handlers["endpoints"]({"ask": "endpoints"}) == {"endpoints": {"pager": {"ok": False, "disabled": True}}}
    request = {"ask": "enable", "endpoint": "pager", "actor": "kim", "reason": "moved"}
    assert handlers["enable"](request) == {"enabled": True}
    assert delivery.enabled == [("pager", "kim", "moved")]
    found.store.close()


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("runs", {"limit": 5}),
        ("switch", {"scope": "global", "engaged": True, "actor": "kim"}),
        ("rollback", {"run": "r-1", "actor": "kim"}),
        ("accept-trail", {"actor": "kim"}),
    ],
)
def test_without_guarded_runs_the_error_says_where_the_reason_is(
    tmp_path: Path, name: str, request_: dict[str, Any]
) -> None:
    found = host(tmp_path)
    with pytest.raises(AiopsError, match=r"nothing can be run: respond\.enabled is false"):
        handlers_of(cast(Host, found))[name](request_)
    found.store.close()


def test_a_plan_of_an_unknown_incident_is_a_wrong_request(tmp_path: Path) -> None:
    found = host(tmp_path)
    with pytest.raises(UsageError, match="expected the id of an incident"):
        handlers_of(cast(Host, found))["plan"]({"incident": "i-unknown"})
    found.store.close()


def test_a_preview_parses_the_silence_by_the_hosts_clock(tmp_path: Path) -> None:
    found = host(tmp_path)
    action = {"ts": NOW, "verb": "silence", "args": {"matchers": 'name="DiskFull"', "until": str(NOW + 60), "id": "s"}}
    assert "preview" in handlers_of(cast(Host, found))["preview"]({"action": action})
    assert [one.id for one in found.silences] == ["s"]
    found.store.close()
