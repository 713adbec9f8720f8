"""The way from what is hurt to the likely cause along the dependency graph, in words."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

from aiops.records import Incident
from aiops.verdict.places import hurt
from aiops.views.one_line import one_line
from aiops.views.service_graph import ServiceGraph

# A longer way explains nothing any more, and a wide graph is searched no further.
MAX_HOPS = 6
MAX_SEARCHED = 2_000
# Ways that are named, and the hurt places that are tried for them, the worst first.
MAX_PATHS, MAX_TRIED = 3, 12
_VERBS = {"calls": "calls", "uses": "uses"}


def paths(incident: Incident, cause: str, graph: ServiceGraph) -> list[str]:
    """Return sentences such as `web calls cart, which uses cart-db`; empty where no way is known.

    Only edges of the configured topology count: nothing is inferred from the alerts.
    """
    target = _service(incident, cause, graph)
    found: dict[str, None] = {}
    starts = dict.fromkeys(_service(incident, name, graph) for name in hurt(incident, cause).names[:MAX_TRIED])
    for start in starts:
        way = _way(start, target, graph)
        if way is not None:
            found[_sentence(way, graph)] = None
        if len(found) == MAX_PATHS:
            break
    return list(found)


def _service(incident: Incident, name: str, graph: ServiceGraph) -> str:
    member = next((one for one in incident.members if name in (one.entity, one.workload)), None)
    return graph.place(member.service, name) if member is not None else graph.place(None, name)


def _way(start: str, target: str, graph: ServiceGraph) -> list[str] | None:
    """Return the shortest way from a service to one that it depends on; None without one."""
    if start == target:
        return None
    before: dict[str, str] = {start: ""}
    queue = deque([(start, 0)])
    while queue and len(before) < MAX_SEARCHED:
        at, hops = queue.popleft()
        if hops == MAX_HOPS:
            continue
        for other in graph.depends_on.get(at, ()):
            if other in before:
                continue
            before[other] = at
            if other == target:
                return _back(before, target)
            queue.append((other, hops + 1))
    return None


def _back(before: dict[str, str], target: str) -> list[str]:
    way = [target]
    while before[way[-1]]:
        way.append(before[way[-1]])
    return way[::-1]


def _sentence(way: list[str], graph: ServiceGraph) -> str:
    text = one_line(way[0])
    for number, (source, target) in enumerate(pairwise(way)):
        kind = graph.depends_on[source][target]
        text += f"{', which' if number else ''} {_VERBS.get(kind, 'depends on')} {one_line(target)}"
    return text
