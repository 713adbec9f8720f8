"""Lessons of an engine for its models while it processes records, recorded as it happens.

The models of the engine are wrapped: each keeps its public methods, and the one that teaches is recorded first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, structs

from aiops.engine.rank import Models
from aiops.ports import IncidentView
from aiops.trainers import Kind, Lesson

# A year of a busy site; models keep 256 confirmed incidents and some thousand others. A lesson has some kB.
MAX_LESSONS = 50_000


class _Kept(Struct):
    at: float
    kind: Kind
    incident: str
    encoded: bytes


class Lessons:
    """The lessons of a replay, in order; the oldest are forgotten. `clock` gives the engine's time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: list[_Kept] = []
        self.forgotten = 0

    def recorded(self, models: Models) -> Models:
        """Return the models, each wrapped where it learns."""
        return Models(
            ranker=_wrapped(models.ranker, "learn", self._cause),
            suggester=_wrapped(models.suggester, "learn", self._playbook),
            similar=_wrapped(models.similar, "add", self._similar),
        )

    def read(self, kind: Kind, since: float | None = None, until: float | None = None) -> list[Lesson]:
        """Return the lessons of a kind with `since` <= at < `until`; each call makes new ones."""
        return [
            msgspec.msgpack.decode(one.encoded, type=Lesson)
            for one in self._kept
            if one.kind == kind and (since is None or one.at >= since) and (until is None or one.at < until)
        ]

    def confirm(self, roots: Mapping[str, str]) -> int:
        """Let labels stand for confirmations: of incidents that nobody confirmed, by id; return how many."""
        confirmed = {one.view.id for one in self.read("cause") if one.root is not None}
        last = {one.incident: number for number, one in enumerate(self._kept) if one.kind == "cause"}
        wanted = {name: root for name, root in roots.items() if name in last and name not in confirmed}
        for name, root in wanted.items():
            kept = self._kept[last[name]]
            lesson = msgspec.msgpack.decode(kept.encoded, type=Lesson)
            kept.encoded = msgspec.msgpack.encode(structs.replace(lesson, root=root, is_label=True))
        return len(wanted)

    def _cause(self, view: IncidentView, root: str | None) -> None:
        self._keep(Lesson(at=self._clock(), kind="cause", view=view, root=root))

    def _playbook(self, view: IncidentView, playbook: str, outcome: str) -> None:
        self._keep(Lesson(at=self._clock(), kind="playbook", view=view, playbook=playbook, outcome=outcome))

    def _similar(self, view: IncidentView, meta: Mapping[str, str]) -> None:
        self._keep(Lesson(at=self._clock(), kind="similar", view=view, meta=dict(meta)))

    def _keep(self, lesson: Lesson) -> None:
        # Encoded at once: the engine changes a view later.
        self._kept.append(_Kept(lesson.at, lesson.kind, lesson.view.id, msgspec.msgpack.encode(lesson)))
        if len(self._kept) > MAX_LESSONS:
            del self._kept[0]
            self.forgotten += 1


def _wrapped(model: Any, method: str, record: Callable[..., None]) -> Any:
    """Return an object with the public attributes of a model, whose calls of `method` are recorded."""
    if model is None:
        return None

    def teach(self: object, *given: Any, **named: Any) -> None:
        record(*given, **named)
        getattr(model, method)(*given, **named)

    # Attributes of a class: ports are recognised by what a class has, not by what an object finds when it is searched.
    names = [name for name in dir(model) if not name.startswith("_") and name != method]
    made: dict[str, Any] = {name: _passed_on(model, name) for name in names}
    return type(f"Recorded{type(model).__name__}", (), {**made, method: teach})()


def _passed_on(model: Any, name: str) -> property:
    return property(lambda _: getattr(model, name))
