"""Parameters of trainers, given as text on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from aiops.durations import Duration, seconds
from aiops.errors import UsageError
from aiops.trainers import Lesson

StructT = TypeVar("StructT", bound=Struct)


class Recent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bound on how far back a model learns from."""

    recent: Annotated[
        Duration | None, Meta(description="Stretch before the last lesson that it learns from; without it: everything.")
    ] = None

    def kept(self, lessons: list[Lesson]) -> list[Lesson]:
        """Return the lessons of that stretch."""
        if self.recent is None or not lessons:
            return lessons
        since = lessons[-1].at - seconds(self.recent)
        return [one for one in lessons if one.at >= since]


def parameters_of(given: Mapping[str, str], kind: type[StructT], slot: str) -> StructT:
    """Return parameters as a Struct; raise `UsageError` with the one that does not fit."""
    unknown = sorted(set(given) - set(kind.__struct_fields__))
    if unknown:
        known = ", ".join(kind.__struct_fields__) or "none"
        raise UsageError(f"{slot}: unknown parameter {unknown[0][:100]!r} (use {known})")
    try:
        return msgspec.convert(dict(given), kind, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"{slot}: parameter: {error}") from None
