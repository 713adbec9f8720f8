"""Detectors registered as entry points of the group `aiops.detectors`, shipped or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

from aiops import registry
from aiops.errors import UsageError
from aiops.ports import Detector

GROUP = "aiops.detectors"
# Before this group existed, detectors were registered among the models; such a plugin still loads.
OLD_GROUP = "aiops.models"


class FittedDetector(Detector, Protocol):
    """A detector whose numbers can be exported."""

    def state(self) -> dict[str, Any]:
        """Return the fitted numbers as plain dicts, lists and numbers, of bounded size."""
        ...


class DetectorClass(Protocol):
    """The class that an entry point names."""

    def fit(self, rows: Sequence[Sequence[float]]) -> FittedDetector:
        """Fit on `(n_rows, n_features)` rows; raise `ValueError` for rows that cannot be fitted."""
        ...

    def from_state(self, state: Any) -> FittedDetector:
        """Build from the numbers of `state`; raise `ValueError`, `TypeError` or `KeyError` if they do not fit."""
        ...


def names() -> list[str]:
    """Return the registered names, sorted."""
    return registry.names(GROUP)


def is_registered(name: str) -> bool:
    """Return if there is a detector of that name, in this group or in the old one."""
    return name in names() or (name in registry.names(OLD_GROUP) and _is_detector(registry.load(OLD_GROUP, name)))


def group_of(name: str) -> str:
    """Return the entry-point group that a detector is registered in."""
    return GROUP if name in names() or name not in registry.names(OLD_GROUP) else OLD_GROUP


def load(name: str) -> DetectorClass:
    """Return the class registered as `name`; raise `UsageError` with the registered names for another one."""
    group = group_of(name)
    found = registry.load(group, name)
    if not _is_detector(found):
        raise UsageError(f"{group}: {name!r} is no detector: expected the class methods fit and from_state")
    return cast(DetectorClass, found)


def _is_detector(found: object) -> bool:
    return callable(getattr(found, "fit", None)) and callable(getattr(found, "from_state", None))
