"""Silent callees: an entity that raises nothing, named by callers that all wait for it.

Latency and errors that a caller measures at its client (`client`, `upstream`, `egress`, `outbound` in the name) are
about what it calls. For a group v with the callers U, `K = S P R`: S is the whole client-side surprise, P its share on
U, and R the share of U that has any. `1.5 K` joins the blame of v and of its replicas; v itself may be silent. Cost:
one pass over signals and edges.
"""

from __future__ import annotations

from aiops_models.causes.incident_graph import IncidentGraph
from aiops_models.causes.lexicon import BLAMED, MACHINES
from aiops_models.causes.rarity import Surprise

# Words of a metric's or an alert's name by which the caller, not the callee, measured it.
CLIENT = ("client", "upstream", "egress", "outbound")
# Half and twice this: Nezha top-3 .76 and .81 against .78 with history. It is the one system with such metrics.
WEIGHT = 1.5


def silent_callees(graph: IncidentGraph, surprise: Surprise) -> dict[str, float]:
    """Return what to add to the blame of each entity, in nats; empty without client-side complaints."""
    complaints = _complaints(graph, surprise)
    whole = sum(complaints.values())
    if not whole:
        return {}
    found: dict[str, float] = {}
    for group, callers in _callers(graph).items():
        waiting = [complaints[caller] for caller in callers if caller in complaints]
        value = WEIGHT * sum(waiting) * len(waiting) / len(callers)
        if value > 0:
            found |= dict.fromkeys((group, *graph.topology_index.members.get(group, ())), value)
    return found


def is_client_side(type_: str) -> bool:
    """Return True for a type that a caller measures.

    >>> is_client_side("nodeworkloadclientlatency"), is_client_side("latency")
    (True, False)
    """
    return any(word in type_.lower() for word in CLIENT)


def _complaints(graph: IncidentGraph, surprise: Surprise) -> dict[str, float]:
    """Return the client-side latency and error surprise by group."""
    found: dict[str, float] = {}
    for type_, signals in surprise.of_type.items():
        if not is_client_side(type_):
            continue
        for signal in signals:
            if signal.cls in BLAMED:
                group = graph.group_of(signal.entity)
                found[group] = found.get(group, 0.0) + surprise.value[signal.entity, type_]
    return {group: value for group, value in found.items() if value > 0}


def _callers(graph: IncidentGraph) -> dict[str, dict[str, None]]:
    """Return group -> the others that call it, in the order of the edges; nobody calls a host."""
    found: dict[str, dict[str, None]] = {}
    for source, targets in graph.edges().items():
        for target in targets:
            caller, callee = graph.group_of(source), graph.group_of(target)
            if caller != callee and graph.kind_of(target) not in MACHINES:
                found.setdefault(callee, {})[caller] = None
    return found
