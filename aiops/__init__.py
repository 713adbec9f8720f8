"""An alert correlation engine: alert storms in, a handful of explained incidents out.

From Python:

>>> import aiops
>>> alert = aiops.Alert(ts=1_767_225_600.0, name="DiskFull", severity="critical", entity="db-1")
>>> result = aiops.replay([alert])
>>> result.incident(result.incidents.index[0]).title
'DiskFull on db-1'

`docs/python.md` shows more. `import aiops` is cheap: a name below is loaded at its first use.
"""

from __future__ import annotations

from importlib import import_module

from aiops.version import __version__

# Type checkers know the name. `typing` would take longer to import than everything else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from aiops.errors import AiopsError, RecordError, UsageError
    from aiops.notebook.comparison import Comparison
    from aiops.notebook.picture import Picture
    from aiops.notebook.replaying import replay
    from aiops.notebook.result import Result
    from aiops.notebook.streaming import Changes, Engine
    from aiops.records import Action, Alert, Change, Incident, Metric, Severity
    from aiops.topology import Edge, Node, Topology, load_topology

# Name → module. No name is that of a submodule, which an import would put in its place.
_HOMES = {
    "Action": "aiops.records",
    "AiopsError": "aiops.errors",
    "Alert": "aiops.records",
    "Change": "aiops.records",
    "Changes": "aiops.notebook.streaming",
    "Comparison": "aiops.notebook.comparison",
    "Edge": "aiops.topology",
    "Engine": "aiops.notebook.streaming",
    "Incident": "aiops.records",
    "Metric": "aiops.records",
    "Node": "aiops.topology",
    "Picture": "aiops.notebook.picture",
    "RecordError": "aiops.errors",
    "Result": "aiops.notebook.result",
    "Severity": "aiops.records",
    "Topology": "aiops.topology",
    "UsageError": "aiops.errors",
    "load_topology": "aiops.topology",
    "replay": "aiops.notebook.replaying",
}

__all__ = [
    "Action",
    "AiopsError",
    "Alert",
    "Change",
    "Changes",
    "Comparison",
    "Edge",
    "Engine",
    "Incident",
    "Metric",
    "Node",
    "Picture",
    "RecordError",
    "Result",
    "Severity",
    "Topology",
    "UsageError",
    "__version__",
    "load_topology",
    "replay",
]


def __getattr__(name: str) -> object:
    """Load a name of the Python face when it is first used (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'aiops' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(home), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
