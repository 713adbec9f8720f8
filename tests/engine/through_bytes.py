"""A stage's state on its way through a snapshot."""

from typing import Any, TypeVar

from aiops.engine.snapshot import Reader, Stage, parts

S = TypeVar("S", bound=Stage)


class Kept:
    """A stage that has nothing but a state."""

    def __init__(self, kind: Any, state: Any = None) -> None:
        self.STATE, self.state = kind, state

    def dump(self) -> Any:
        """The state."""
        return self.state

    def load(self, state: Any) -> None:
        """Take a state."""
        self.state = state


def saved(stage: Stage) -> bytes:
    """A stage's state as it stands in snapshots."""
    return b"".join(parts({}, {"stage": stage}))


def restored(stage: Stage, into: S) -> S:
    """`into`, with the state of `stage`."""
    reader = Reader(parts({}, {"stage": stage}), 1)
    reader.first()
    reader.stage({"stage": into})
    return into
