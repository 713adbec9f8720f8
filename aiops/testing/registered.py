"""Every registered plugin has a kit and passes it: `check_registered(group, name, directory)`.

The kit follows from the group. A source, a database, or a sink that does not post over HTTP, also names an `example`
on its class: a context manager that takes a directory and yields a `SourceExample`, a `DatabaseExample` or a
`SinkExample`, or its `module:function`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any

from aiops import registry
from aiops.detectors import plugins as detectors
from aiops.errors import AiopsError
from aiops.ports import Ranker, Similar, Suggester
from aiops.testing.databases import check_database
from aiops.testing.detectors import check_detector
from aiops.testing.models import check_ranker, check_similar
from aiops.testing.playbooks import check_suggester
from aiops.testing.sinks import check_http_sink, check_sink_port, is_http_sink
from aiops.testing.sources import check_source
from aiops.testing.steps import check_step_kind
from aiops.topology import Topology

GROUPS = ("aiops.sources", "aiops.sinks", "aiops.models", "aiops.detectors", "aiops.steps", "aiops.databases")
KITS: tuple[tuple[type, Callable[..., None]], ...] = (
    (Ranker, check_ranker),
    (Suggester, check_suggester),
    (Similar, check_similar),
)


class ExampleUnavailable(AiopsError):
    """An example cannot run here: a server that it needs is missing."""


def registered() -> list[tuple[str, str]]:
    """Return all plugins with a kit of their group, shipped or not, as (group, name)."""
    return [(group, name) for group in GROUPS for name in registry.names(group)]


def check_registered(group: str, name: str, directory: Path) -> None:
    """Run the kit of a plugin; raise `AssertionError` if it fails or there is none."""
    if group == detectors.GROUP:
        check_detector(detectors.load(name))
    elif group == "aiops.steps":
        check_step_kind(registry.load(group, name)())
    elif group == "aiops.models":
        check_model(lambda: registry.load(group, name)(Topology(), {}), name)
    elif group == "aiops.databases":
        with _example(group, name)(directory) as example:
            check_database(example)
    elif group == "aiops.sources":
        with _example(group, name)(directory) as example:
            check_source(example.make, example.bring)
    elif is_http_sink(cls := registry.load(group, name)):
        check_http_sink(cls)  # type: ignore[arg-type]
    else:
        with _example(group, name)(directory) as example:
            check_sink_port(example.make)


def check_model(make: Callable[[], Any], name: str) -> None:
    """Run the kit of each port that a model implements; it must implement one."""
    model = make()
    kits = [kit for port, kit in KITS if isinstance(model, port)]
    known = ", ".join(port.__name__ for port, _ in KITS)
    assert kits, f"aiops.models: {name!r} has no kit: expected the methods of one of {known} (see aiops.ports)"
    for kit in kits:
        kit(make)


def _example(group: str, name: str) -> Callable[[Path], AbstractContextManager[Any]]:
    found = getattr(registry.load(group, name), "example", None)
    assert found is not None, (
        f"{group}: {name!r} has no kit: expected `example` on its class (see aiops.testing.registered)"
    )
    if isinstance(found, str):
        module, _, function = found.partition(":")
        found = getattr(import_module(module), function)
    made: Callable[[Path], AbstractContextManager[Any]] = found
    return made
