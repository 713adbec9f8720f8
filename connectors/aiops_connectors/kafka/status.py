"""The state of a Kafka source, for health and metrics."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any

from aiops.records.decode import format_time
from aiops.wording import plural

_log = logging.getLogger("aiops.sources.kafka")
# Partitions shown one by one; a health page is read by people, and metrics have a label each.
MAX_SHOWN = 1_000
# Problems spelled out in one sentence; their total is always stated.
MAX_PROBLEMS = 5


class Status:
    """Counters and states; written by the source's thread, read by any."""

    def __init__(self, clock: Callable[[], float], source: str = "") -> None:
        self._clock = clock
        self._source = source
        # Which trouble with the broker was logged last: once a change, not once an attempt.
        self._away = ""
        self._lock = threading.Lock()
        self._counts = {
            "messages": 0,
            "records": 0,
            "rejected": 0,
            "skipped": 0,
            "tombstones": 0,
            "unreadable": 0,
            "recreated": 0,
            "rebalances": 0,
            "reconnects": 0,
            "pauses": 0,
            "dead_letters_unsent": 0,
        }
        self._state: dict[str, Any] = {
            "connected": False,
            "refused": False,
            "paused": False,
            "partitions": 0,
            "held": 0,
            "last_error": None,
            "last_error_at": None,
        }
        self._lag: dict[str, int] = {}
        # Why topics (by name) and partitions (by place) are not read.
        self._problems: dict[str, str] = {}

    def count(self, **by: int) -> None:
        """Add to counters."""
        with self._lock:
            for name, number in by.items():
                self._counts[name] += number

    def connected(self) -> None:
        """The broker answered."""
        with self._lock:
            self._state["connected"] = True
            self._state["refused"] = False
            came_back, self._away = bool(self._away), ""
        if came_back:
            self._warn("the broker answers again")

    def failed(self, error: str, *, refused: bool = False) -> None:
        """The broker did not answer; or it answered and `refused` what no retry can mend."""
        with self._lock:
            self._state |= {"connected": False, "refused": refused, "last_error": error}
            self._state["last_error_at"] = format_time(self._clock())
            # One line a trouble: a refusal of another kind is another trouble.
            trouble = f"refused: {error.partition(':')[0]}" if refused else "away"
            is_new, self._away = self._away != trouble, trouble
        if is_new and refused:
            self._warn("the broker refuses: nothing is read until that is changed", level=logging.ERROR, reason=error)
        elif is_new:
            self._warn("the broker does not answer: it is tried again until it does", reason=error)

    def skipped(self, place: str, wanted: int, found: int) -> None:
        """Count messages from `wanted` up to `found` that the broker removed before they could be read."""
        self.count(skipped=found - wanted)
        self._warn(
            "skipped messages that the broker had removed before they were read",
            place=place,
            messages=found - wanted,
            first=wanted,
            last=found - 1,
        )

    def recreated(self, place: str, before: int, found: int, unread: int | None) -> None:
        """Record that the topic was recreated: `unread` messages of the old one are lost, None if unknown."""
        self.count(recreated=1, skipped=(unread or 0) + found)
        self._warn(
            "the topic was deleted and recreated: it is read from its start, the unread rest of the old one is lost",
            place=place,
            before=before,
            start=found,
            skipped="unknown" if unread is None else unread + found,
        )

    def shortened(self, place: str, wanted: int, found: int) -> None:
        """Record that the partition ends before our offset: it was recreated, or its replica lost data."""
        self.count(recreated=1)
        self._warn(
            "the partition ends before what was read of it: it is read from its start",
            place=place,
            before=wanted,
            start=found,
        )

    def problems(self, topics: Mapping[str, str]) -> None:
        """Set the broker's present reasons why topics cannot be read; partitions keep theirs."""
        with self._lock:
            kept = {name: reason for name, reason in self._problems.items() if "/" in name}
            fresh = {name: reason for name, reason in topics.items() if self._problems.get(name) != reason}
            self._problems = kept | dict(topics)
        for name, reason in fresh.items():
            self._warn("a topic cannot be read", topic=name, reason=reason)

    def blocked(self, place: str, reason: str) -> None:
        """One partition cannot be read on; the others are."""
        with self._lock:
            is_new = place not in self._problems
            self._problems[place] = reason
        if is_new:
            self._warn(
                "a partition cannot be read on: it is tried again", level=logging.ERROR, place=place, reason=reason
            )

    def reads(self, places: Collection[str]) -> None:
        """Record that these partitions bring messages, or have none to bring."""
        if not self._problems:
            return
        with self._lock:
            mended = [place for place in places if self._problems.pop(place, None) is not None]
        for place in mended:
            self._warn("a partition is read again", place=place)

    def blocked_places(self) -> set[str]:
        """The partitions that cannot be read on."""
        with self._lock:
            return {name for name in self._problems if "/" in name}

    def owns_only(self, places: Collection[str]) -> None:
        """Others look after the partitions that are not ours."""
        with self._lock:
            self._problems = {
                name: reason for name, reason in self._problems.items() if "/" not in name or name in places
            }

    def _warn(self, text: str, *, level: int = logging.WARNING, **fields: Any) -> None:
        _log.log(level, text, extra={"fields": {"source": self._source, **fields}})

    def paused(self, paused: bool) -> None:
        """The engine is full, or has room again."""
        with self._lock:
            self._counts["pauses"] += paused
            self._state["paused"] = paused

    def owns(self, partitions: int) -> None:
        """So many partitions are ours now."""
        with self._lock:
            self._state["partitions"] = partitions

    def held(self, messages: int) -> None:
        """So many were read and wait for their turn in the order of time."""
        with self._lock:
            self._state["held"] = messages

    def lag(self, lag: Mapping[str, int]) -> None:
        """Messages that are written and not yet journaled, by partition that is ours."""
        with self._lock:
            self._lag = dict(lag)

    def shown(self) -> dict[str, Any]:
        """See `Source.health`."""
        with self._lock:
            total = sum(self._lag.values())
            shown = dict(sorted(self._lag.items())[:MAX_SHOWN])
            return {
                "ok": bool(self._state["connected"]) and not self._problems,
                "detail": self._detail(total),
                **self._state,
                **self._counts,
                "problems": dict(sorted(self._problems.items())[:MAX_SHOWN]),
                "counts": [*self._counts],
                "lag": shown,
                "lag_total": total,
            }

    def _detail(self, lag: int) -> str:
        if self._state["refused"]:
            return f"refused by the broker: {self._state['last_error']}"
        if not self._state["connected"]:
            return f"not connected: {self._state['last_error'] or 'connecting'}"
        if self._state["paused"]:
            return f"paused: the engine is full; {plural(lag, 'message')} behind"
        reading = plural(self._state["partitions"], "partition")
        return f"reading {reading}, {plural(lag, 'message')} behind{self._losses()}{self._stuck()}"

    def _losses(self) -> str:
        skipped, recreated = self._counts["skipped"], self._counts["recreated"]
        unreadable = self._counts["unreadable"]
        texts = [
            (skipped, f"{plural(skipped, 'message was', 'messages were')} gone from the broker unread"),
            (recreated, f"{plural(recreated, 'partition')} recreated and read from the start"),
            (unreadable, f"{plural(unreadable, 'message')} unreadable: see the dead letters"),
        ]
        return "".join(f"; {text}" for count, text in texts if count)

    def _stuck(self) -> str:
        shown = [f"{name}: {reason}" for name, reason in sorted(self._problems.items())[:MAX_PROBLEMS]]
        more = len(self._problems) - len(shown)
        return "".join(f"; {one}" for one in shown) + (f"; and {more} more that are not read" if more > 0 else "")
