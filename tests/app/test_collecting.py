"""The readers of systems and the workers, where there is something to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.app.collecting import open_collecting, open_readers, read_playbooks
from aiops.collect.database_reader import DatabaseReader
from aiops.collect.http_reader import HttpReader
from aiops.config import Config, StateConfig
from aiops.daemon.collect_queue import CollectQueue
from aiops.daemon.opening import Clocks
from aiops.engine.engine import Engine
from aiops.errors import UsageError
from aiops.respond.catalogue import Catalogue
from aiops.respond.config import RespondConfig
from aiops.respond.format import Playbook
from aiops.topology import Topology
from tests.daemon.test_collecting import PLAYBOOK
from tests.daemons import bare_core

SYSTEMS: dict[str, Any] = {
    "prometheus": {"kind": "prometheus", "url": "https://prometheus.example"},
    "hosts": {"kind": "http", "url": "https://ops.example", "options": {"read_paths": ["/api/hosts/*"]}},
    "orders": {"kind": "sql", "options": {"file": "/var/lib/orders.db"}},
}


def respond(systems: dict[str, Any] = SYSTEMS, **fields: Any) -> RespondConfig:
    return msgspec.convert({"systems": systems, **fields}, RespondConfig)


def test_each_system_has_its_reader() -> None:
    readers = open_readers(respond(), lambda: 0.0)
    assert {name: (type(one), one.kind, list(one.allowed)) for name, one in readers.items()} == {
        "prometheus": (HttpReader, "prometheus", []),
        "hosts": (HttpReader, "http", ["/api/hosts/*"]),
        "orders": (DatabaseReader, "sql", []),
    }
    for one in readers.values():
        one.close()


@pytest.mark.parametrize("off", [{"collect": False}, {"enabled": False}, {"systems": {}}])
def test_off_there_are_none(off: dict[str, Any]) -> None:
    assert open_readers(respond(**{"systems": SYSTEMS, **off}), lambda: 0.0) == {}


@pytest.mark.parametrize(
    ("system", "place"),
    [
        ({"kind": "http", "url": "https://a.example"}, "options"),
        ({"kind": "sql", "options": {}}, "options"),
        ({"kind": "sql", "url": "https://a.example", "options": {"file": "a"}}, "url: expected none"),
        ({"kind": "loki"}, "url: expected the address"),
        ({"kind": "loki", "url": "http://a.example"}, "url: expected https"),
        ({"kind": "oracle", "url": "https://a.example"}, "kind: unknown kind"),
    ],
)
def test_a_system_that_does_not_fit_names_its_place(system: dict[str, Any], place: str) -> None:
    with pytest.raises(UsageError, match=rf"respond\.systems\.a\.{place}"):
        open_readers(respond({"a": system}), lambda: 0.0)


def test_playbooks_whose_systems_can_be_read() -> None:
    catalogue = Catalogue({"oom": msgspec.convert(PLAYBOOK, Playbook)})
    readers = open_readers(respond(), lambda: 0.0)
    assert read_playbooks(catalogue, readers) == ["oom"]
    assert read_playbooks(catalogue, {"hosts": readers["hosts"]}) == ["oom"], "each read states what is missing"
    assert read_playbooks(catalogue, {}) == []
    readers["prometheus"].close()


def test_without_a_system_there_are_no_workers(tmp_path: Path) -> None:
    core = bare_core(Config(state=StateConfig(str(tmp_path)), respond=respond()), Engine, clocks=Clocks())
    readers, queue = open_readers(core.config.respond, core.clocks.wall), CollectQueue([])
    assert open_collecting(core, Topology(), Catalogue(), {}, queue) is None
    workers = open_collecting(core, Topology(), Catalogue(), readers, queue)
    assert workers is not None
    workers.start()
    workers.stop(5.0)
    core.state.close()
