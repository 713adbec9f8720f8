"""The way a payload came, beside its body and headers: method, query and topic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Origin(Struct, frozen=True):
    """`method` of a request in upper case, its `query` as an object of texts, the `topic` of a message."""

    method: str = ""
    query: Mapping[str, Any] = {}
    topic: str = ""


NOWHERE = Origin()

__all__ = ["NOWHERE", "Origin"]
