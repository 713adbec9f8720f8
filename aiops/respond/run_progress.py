"""The progress of the steps of a run by the lines of the trail: done, unknown, or not begun."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct, field

from aiops.wording import plural

# A step between its intent and its answer.
NO_ANSWER = "it may have been sent; no answer is recorded"
# A step whose system works on it, between the acceptance and the last answer about its progress.
NOT_FOLLOWED = "accepted; it is not known whether it worked"
# Steps that a notice names; the record of the run has all of them.
MAX_NAMED = 3
# Characters of the reasons of a run that a further one is added to.
MAX_WHY = 2_000


class Stepped(Protocol):
    """A run, as far as its steps go."""

    done: list[str]
    left: list[str]
    unknown: list[str]


class Progress(Struct):
    """Moves the steps of one run between its lists as the lines of the trail come.

    Each planned step is in exactly one of them. `open` has the text of each change whose end is not known yet, by its
    key, `followed` the keys of those whose system is queried afterwards. `before` holds the lists as they were when a
    rollback began, as its last line has the whole result of it.
    """

    open: dict[str, str] = field(default_factory=dict)
    followed: set[str] = field(default_factory=set)
    before: tuple[list[str], list[str], list[str]] | None = None

    def intend(self, run: Stepped, data: dict[str, Any]) -> None:
        """Take in that a change is about to be sent: from here on nobody knows, until it is answered."""
        name = label(data["place"], data["request"].get("name"), data["target"])
        if name in run.left:
            # Once: two steps of one name are two steps.
            run.left.remove(name)
        if data["request"].get("poll") is not None:
            self.followed.add(data["key"])
        self.open[data["key"]] = f"{name}: {NO_ANSWER}"
        run.unknown.append(self.open[data["key"]])

    def answer(self, run: Stepped, data: dict[str, Any]) -> None:
        """Take in the answer to a change, or that it was not sent."""
        name, problem = self._close(run, data["key"]), data.get("problem")
        if name is None:
            return
        if not data.get("sent", True):
            run.left.insert(0, name)
        elif problem is not None:
            (run.unknown if _is_unsure(data) else run.done).append(f"{name}: {problem}")
        elif data["key"] in self.followed:
            self.open[data["key"]] = f"{name}: {NOT_FOLLOWED}"
            run.unknown.append(self.open[data["key"]])
        else:
            run.done.append(f"{name}: accepted")

    def follow(self, run: Stepped, data: dict[str, Any]) -> None:
        """Take in the last answer about the progress of a change."""
        name = self._close(run, data["key"])
        if name is not None:
            where = run.unknown if data.get("unsure") else run.done
            where.append(f"{name}: {data.get('problem') or 'done'}")

    def end(self, run: Stepped, data: dict[str, Any]) -> None:
        """Take in the end of the steps, whose line has the whole result."""
        run.done, run.left = list(data.get("done", run.done)), list(data.get("left", run.left))
        # The lines of earlier releases have no unknown steps: what the answers show remains.
        run.unknown = list(data.get("unknown", run.unknown))
        self.open = {}
        if data.get("rollback") == "running":
            self._begin_rollback(run, data.get("undoing", []))

    def roll_back(self, run: Stepped, data: dict[str, Any]) -> None:
        """Take in the beginning or the end of a rollback."""
        if "done" not in data:
            if data["state"] == "running":
                self._begin_rollback(run, data.get("undoing", []))
        else:
            done, left, unknown = self.before or (run.done, run.left, run.unknown)
            run.done, run.left = [*done, *data["done"]], [*left, *data.get("left", [])]
            run.unknown, self.before, self.open = [*unknown, *data.get("unknown", [])], None, {}

    def _begin_rollback(self, run: Stepped, undoing: Sequence[str]) -> None:
        left = [step for step in run.left if not step.startswith("rollback ")]
        self.before = list(run.done), left, list(run.unknown)
        run.left = [*left, *undoing]

    def _close(self, run: Stepped, key: str) -> str | None:
        """Take a change from what is unknown; return its name."""
        text = self.open.pop(key, None)
        if text is None or text not in run.unknown:
            return None
        run.unknown.remove(text)
        return text.removesuffix(f": {NO_ANSWER}").removesuffix(f": {NOT_FOLLOWED}")


def label(place: str, name: object, target: str) -> str:
    """Return the name of a change, as a call has it."""
    return f"{'rollback ' if place.startswith('rollback') else ''}{name} on {target}"


def steps_text(run: Stepped) -> str:
    """Return what is unknown, done and not begun of a run that was cut off, for a notice."""
    parts = (("unknown", run.unknown), ("done", run.done), ("not begun", run.left))
    return "; ".join(f"{word}: {_named(steps)}" for word, steps in parts if steps)


def joined_why(why: str, more: str) -> str:
    """Return why a run ended, followed by what became of its rollback: the one does not replace the other."""
    if not more or why == more or why.endswith(f"; {more}"):
        return why
    return f"{why[:MAX_WHY]}; {more}" if why else more


def _named(steps: Sequence[str]) -> str:
    more = len(steps) - MAX_NAMED
    named = ", ".join(step[:200] for step in steps[:MAX_NAMED])
    return named + (f" and {plural(more, 'more step')}" if more > 0 else "")


def _is_unsure(data: dict[str, Any]) -> bool:
    """Return True if a change may have an effect though it has a problem, as where no answer came."""
    return bool(data.get("unsure", data.get("status", 1) in (0, None)))
