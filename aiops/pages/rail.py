"""The rail: the pages that a reader can go to from everywhere, with what waits on each."""

from __future__ import annotations

from collections.abc import Set

from msgspec import Struct

from aiops.pages.frame import Counts


class Entry(Struct, frozen=True):
    """A link of the rail; `count` is a field of `Counts`, `urgent` if somebody must act on it."""

    label: str
    path: str
    icon: str
    count: str = ""
    urgent: bool = False
    # It has a tab of its own on a phone.
    tab: bool = False


ENTRIES = (
    Entry("Incidents", "/", "incidents", "incidents", tab=True),
    Entry("Alerts", "/alerts", "alerts"),
    Entry("Playbooks", "/playbooks", "playbooks", tab=True),
    Entry("Runs", "/runs", "runs"),
    Entry("Silences", "/silences", "silences", "silences", tab=True),
    Entry("Deliveries", "/deliveries", "deliveries", "undelivered", urgent=True, tab=True),
    Entry("Replay", "/replay", "replay"),
    Entry("Engine", "/engine", "engine"),
    Entry("Models", "/models", "models"),
    Entry("API", "/api", "api"),
)


class Shown(Struct, frozen=True):
    """An entry as it is drawn for one page."""

    entry: Entry
    current: bool
    count: int


def rail(paths: Set[str], here: str, counts: Counts | None) -> list[Shown]:
    """Return the entries whose pages there are; `here` is the path of the page that shows them."""
    return [
        Shown(one, _holds(one.path, here), getattr(counts, one.count) if counts is not None and one.count else 0)
        for one in ENTRIES
        if one.path in paths
    ]


def _holds(path: str, here: str) -> bool:
    if path == "/":
        return here == "/" or here.startswith("/incidents/")
    return here == path or here.startswith(f"{path}/")
