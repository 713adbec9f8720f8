"""Operations asked directly, over a real engine and store but without a server, for several test files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aiops.web.operations import ApiError, Call
from tests.web.conftest import NOW, SmallHost


class Desk:
    """A host with one incident, and calls to it."""

    def __init__(self, directory: Path) -> None:
        self.host = SmallHost(directory)
        self.incident = self.host.seed()

    def call(
        self, body: Any = None, *, query: Any = None, actor: str | None = "ann", vouched: bool = True, **params: str
    ) -> Call:
        """A call about the incident unless `id` names another."""
        given: Mapping[str, str] = {"id": self.incident, **params}
        return Call(self.host, given, query, body, actor, lambda: NOW, vouched)

    def close(self) -> None:
        """Close the files."""
        self.host.runs.close()
        self.host.store.close()


@contextmanager
def desk_in(directory: Path) -> Iterator[Desk]:
    """A desk that is closed after the block."""
    found = Desk(directory)
    try:
        yield found
    finally:
        found.close()


@contextmanager
def refused(status: int, said: str = "") -> Iterator[None]:
    """The block is refused with this status and a reason that holds this text."""
    with pytest.raises(ApiError) as caught:
        yield
    assert (caught.value.status, said in caught.value.reason) == (status, True), caught.value.reason
