"""A slot: one place for a model that decides; its model is replaced by records alone."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable


class Slot(Protocol):
    """A stage's side of serving: its model can be replaced."""

    @property
    def name(self) -> str:
        """Return the name that records and people use."""
        ...

    def swap(self, algorithm: str, text: str) -> None:
        """Replace the model by one of a state (JSON text).

        Build it, load it and try it out first. Raise `UsageError`, and change nothing, if it does not fit.
        """
        ...

    def exported(self) -> tuple[str, str] | None:
        """Return the algorithm and the state (canonical JSON) of what serves now; None for no model."""
        ...


@runtime_checkable
class TrialSlot(Slot, Protocol):
    """A slot whose candidate can run beside the model that serves."""

    def build(self, algorithm: str, text: str) -> Any:
        """Return a new model of a state, tried out; raise `UsageError` if it does not fit."""
        ...

    def serve(self, algorithm: str, model: Any) -> None:
        """Replace the model by a candidate as it stands."""
        ...

    def dumped(self, model: Any) -> Any:
        """Return the state of a candidate for a snapshot, as what msgspec can encode."""
        ...

    def restored(self, algorithm: str, state: Any) -> Any:
        """Return the candidate of a `dumped` state; raise `AiopsError` if its plugin is not installed."""
        ...
