"""The page of incidents: search, facets, and groups by what they need."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.durations import compact
from aiops.errors import UsageError
from aiops.pages import first_steps
from aiops.pages.facet_panel import facets_of
from aiops.pages.list_address import Choice, choice_of
from aiops.pages.list_rows import groups_of
from aiops.pages.shell import Shell, is_live
from aiops.search import listing
from aiops.search.conditions import Wanted
from aiops.search.sparks import sparks
from aiops.search.suggestions import suggestions
from aiops.search.syntax import Query, read_query
from aiops.views.incident_lines import next_position, stored
from aiops.wording import plural

# Incidents of one page: three screens. Its 50 rows are some 80 kB.
PAGE = 50
# Services, sources and teams are counted at most this often for a selection: a wall of screens costs no more than one.
# All other counts are those of the moment.
FRESH_S = 2.0
MAX_KEPT = 100
# Serious incidents within that time that make a page "busy".
BUSY, BUSY_S = 3, 1_800.0


class IncidentListPage:
    """The first page."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._names = FreshNames()

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [self._shell.get("/", self._list)]

    async def _list(self, request: Request) -> Response:
        choice = choice_of(request.query_params.multi_items())
        try:
            query, wrong = read_query(choice.text), ""
            found = await run_in_threadpool(self._found, choice, query)
        except UsageError as error:
            # What was typed stays in its field.
            wrong, found = str(error).removeprefix("query: "), await run_in_threadpool(self._nothing, choice)
        if found["is_empty"] and choice.is_plain:
            steps = first_steps.steps_of(request, self._shell.caller.session_guard.guard)
            return self._shell.render(request, "first_steps.html", steps=steps, live=True)
        # Without scripts: a later page holds still.
        live = None if choice.before else is_live(request)
        response = self._shell.render(request, "list.html", choice=choice, wrong=wrong, live=live, **found)
        response.status_code = 400 if wrong else 200
        return response

    def _found(self, choice: Choice, query: Query) -> dict[str, Any]:
        reader, now = self._shell.caller.host.store.database.reader, self._shell.clock()
        wanted, order = choice.wanted(query, now), choice.ordered()
        lines = stored(reader, wanted, order, limit=PAGE, before=choice.before)
        counts = listing.levels(reader, wanted)
        counts.counts |= self._names.read(reader, wanted, (choice.text, choice.states, tuple(choice.facets.items())))
        position = next_position(lines, order, PAGE)
        minutes = sparks(reader, [line.id for line in lines], now) if lines else {}
        return {
            "groups": groups_of(lines, minutes, counts.groups),
            "facets": facets_of(choice, counts.counts),
            "total": counts.total,
            "following": replace(choice, before=position) if position is not None else None,
            "meant": suggestions(reader, query) if not lines and choice.before is None else [],
            "busy": busy_text(listing.busy(reader, now, BUSY_S), now),
            "is_empty": not lines and listing.is_empty(reader),
            "now": now,
        }

    def _nothing(self, choice: Choice) -> dict[str, Any]:
        """Return the page of a query that does not fit: the facets are those of all incidents."""
        found = self._found(replace(choice, text="", before=None), Query())
        return found | {"groups": [], "following": None, "meant": [], "total": 0, "is_empty": False}


def busy_text(found: listing.Busy | None, now: float) -> str:
    """Return the sentence of a busy time; empty for a calm one.

    >>> busy_text(listing.Busy(4, 892, 3, 0.0), 1_080.0)
    '4 serious incidents opened in the last 18 min, in 3 services, from 892 alerts.'
    """
    if found is None or found.incidents < BUSY:
        return ""
    where = f", in {plural(found.services, 'service')}" if found.services else ""
    since = compact(max(60.0, now - found.since))
    opened = plural(found.incidents, "serious incident")
    return f"{opened} opened in the last {since}{where}, from {plural(found.alerts, 'alert')}."


class FreshNames:
    """Counts of services, sources and teams, each selection once in `FRESH_S`. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Any, tuple[float, dict[str, dict[str, int]]]] = OrderedDict()

    def read(self, reader: sqlite3.Connection, wanted: Wanted, key: Any) -> dict[str, dict[str, int]]:
        """Return the counts of a selection."""
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and 0 <= wanted.now - kept[0] < FRESH_S:
            return kept[1]
        found = listing.names(reader, wanted)
        with self._lock:
            self._kept[key] = wanted.now, found
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return found
