"""The result of a translation: the configuration, the secrets that it names, and what has no equal."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct, field

# What the name of an endpoint may be, and no part of it.
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")
MAX_NAME = 62


class Note(Struct, frozen=True):
    """A thing that was not translated, or not as it was: its place in the file, and the reason."""

    place: str
    text: str

    def __str__(self) -> str:
        """Return the note as one line."""
        return f"{self.place}: {self.text}"


class Translation(Struct):
    """A configuration by section, values of secrets by environment variable, and notes.

    A secret that the file names by a path is a note alone.
    """

    config: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def note(self, place: str, text: str) -> None:
        """Add a note once."""
        made = Note(place, text)
        if made not in self.notes:
            self.notes.append(made)

    def secret(self, name: str, value: str) -> str:
        """Keep a secret; return the name of its environment variable."""
        variable = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
        number = 2
        made = variable
        while self.secrets.get(made, value) != value:
            made, number = f"{variable}_{number}", number + 1
        self.secrets[made] = value
        return made


def endpoint_name(text: str) -> str:
    """Return a name that an endpoint may have.

    >>> endpoint_name("team db/pager"), endpoint_name("…")
    ('team-db-pager', 'endpoint')
    """
    return _NOT_IN_NAMES.sub("-", text).strip("-._")[:MAX_NAME] or "endpoint"
