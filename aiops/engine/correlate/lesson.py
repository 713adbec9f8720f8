"""Lessons: corrections of people about pairs of streams, and the sentence of a term that they made."""

from __future__ import annotations

from typing import Final

from aiops.engine.fields import state
from aiops.wording import day_text, located, plural

# Streams of each side that a lesson is about: the first that came are those by which the engine decided.
MAX_SIDE: Final = 8
# Verbs of lessons by which streams belong together; "split" and "wrong" keep them apart.
TOGETHER: Final = ("merge", "belongs")
VERBS: Final = ("merge", "split", "belongs", "wrong")
DONE: Final = {
    "merge": ("merged", "with"),
    "split": ("split", "from"),
    "belongs": ("confirmed", "as one with"),
    "wrong": ("marked", "as not belonging with"),
}


@state(acyclic=True)
class Lesson:
    """One correction: each stream of `left`, (kind, workload), belongs with each of `right`, or does not.

    `id` is that of the action's record, `verb` merge, split, belongs or wrong, `at` its time (Unix seconds), `by` the
    person, `incident` the one that was corrected.
    """

    id: str
    verb: str
    at: float
    by: str
    incident: str
    left: list[tuple[str, str]]
    right: list[tuple[str, str]]


def new_lesson(id: str, verb: str, at: float, by: str, incident: str) -> Lesson:
    """Return a lesson about no streams yet."""
    made = Lesson()
    made.id, made.verb, made.at, made.by, made.incident, made.left, made.right = id, verb, at, by, incident, [], []
    return made


@state(acyclic=True)
class Precedent:
    """A summary of what people taught of a stream (`one`) and another one that it was compared with.

    `level`: they corrected these two ("streams"), their kinds or their workloads elsewhere. `verb`, `at` and `by` are
    those of the latest lesson that is for the term; `joined` and `parted` count all lessons of that level.
    """

    level: str
    one: tuple[str, str]
    other: tuple[str, str]
    verb: str
    at: float
    by: str
    joined: int
    parted: int

    def sentence(self) -> str:
        """Return the precedent in plain words, with its date."""
        done, word = DONE[self.verb]
        kept = "" if self.verb in TOGETHER else "kept apart: "
        if self.level == "streams":
            one, other = located(*self.one), located(*self.other)
            return f"{kept}{self.by} {done} {one} {word} {other} on {day_text(self.at)}{self._others()}"
        place = 0 if self.level == "kinds" else 1
        names = " and ".join(dict.fromkeys((self.one[place], self.other[place])))
        what = f"alerts of the kinds {names}" if place == 0 else f"alerts of {names}"
        last = f"last {self.by} on {day_text(self.at)}"
        return f"{kept}people joined {what} {_times(self.joined)} and parted them {_times(self.parted)}, {last}"

    def _others(self) -> str:
        more = self.joined + self.parted - 1
        return f", the latest of {plural(more + 1, 'correction')} of the two" if more else ""


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")
