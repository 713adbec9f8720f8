"""Shell completion of incident ids, playbooks and endpoints, from files.

Nothing is started and no daemon is called. Shells evaluate what is printed here, so it is made of words of ours and of
names that fit a strict pattern: a title of an alert never is among it. What cannot be read completes nothing.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from aiops.cli.state import store_of
from aiops.config import load_config
from aiops.daemon.runs import playbook_places
from aiops.errors import AiopsError
from aiops.records import LABELS
from aiops.respond.catalogue import shipped

MAX_SHOWN = 50
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", re.ASCII)
# Incidents that people act on first; of equal ones, those that fired last.
_INCIDENTS = (
    "select id, severity, status from incidents where id >= ? and id < ?"
    " order by status in ('resolved', 'merged'), last_alert_at desc limit ?"
)
Found = list[tuple[str, str]]


def incident_ids(ctx: click.Context, incomplete: str) -> Found:
    """Return the ids of incidents, those that are open first, each with its severity and state."""
    with_options = _options(ctx)

    def read() -> Found:
        with store_of(*with_options) as reader:
            rows = reader.execute(_INCIDENTS, (incomplete, f"{incomplete}\uffff", MAX_SHOWN))
            return [(name, f"{LABELS[severity]}, {status}") for name, severity, status in rows]

    return _fitting(read, incomplete)


def playbook_names(ctx: click.Context, incomplete: str) -> Found:
    """Return the names of the shipped playbooks, or of those that the configuration names."""
    config, sets, _ = _options(ctx)

    def read() -> Found:
        places = [Path(place) for place in playbook_places(load_config(config, sets).playbooks.options)]
        return [(file.stem, "playbook") for place in places or [shipped()] for file in _files(place)]

    return _fitting(read, incomplete)


def endpoint_names(ctx: click.Context, incomplete: str) -> Found:
    """Return the endpoints of the configuration, and those that messages in the outbox are for."""
    config, sets, state = _options(ctx)

    def configured() -> Found:
        return [(one.name, one.type) for one in load_config(config, sets).endpoints]

    def known() -> Found:
        with store_of(config, sets, state) as reader:
            return [(name, "endpoint") for (name,) in reader.execute("select distinct endpoint from outbox")]

    found = dict(_fitting(known, incomplete)) | dict(_fitting(configured, incomplete))
    return sorted(found.items())


def _options(ctx: click.Context) -> tuple[Path | None, list[str], Path | None]:
    """Return --config, --set and --state as far as they were typed."""
    given: dict[str, Any] = ctx.params
    config, state = given.get("config"), given.get("state")
    return Path(config) if config else None, list(given.get("sets") or ()), Path(state) if state else None


def _files(place: Path) -> Iterable[Path]:
    return sorted(place.glob("*.yaml")) if place.is_dir() else [place]


def _fitting(read: Callable[[], Found], incomplete: str) -> Found:
    """Return what fits; nothing, in silence, if the files cannot be read: a shell shows its prompt."""
    try:
        found = read()
    except (AiopsError, OSError, sqlite3.Error):
        return []
    return [one for one in found if one[0].startswith(incomplete) and _NAME.fullmatch(one[0])]
