"""One object for texts and label sets that are equal, of which a site with many alerts has few.

Decoding makes a new string for every value of every alert; what the state keeps of them would be the same region, team
and service a hundred thousand times over. Sharing changes no value and no snapshot: the tables are bounded, are begun
anew when they are full, and are no part of the state.
"""

from __future__ import annotations

from typing import Annotated, Any, overload

from aiops.engine.fields import SHARED, Saved

Labels = Annotated[tuple[tuple[str, str], ...], SHARED]
# Source, name, entity, service, labels. Of no stated length: compiled code takes a tuple of known length apart, and
# makes a new one, with a new hash, each time that it is a key.
Identity = Annotated[tuple[Any, ...], Saved(tuple[str | None, str, str, str | None, Labels])]
# About 3 MB of table; a site has fewer teams, regions and services, and only what is full of new names exceeds it.
MAX_SHARED = 32_768


class Shared:
    """Tables of what was kept lately; each look-up takes about .1 µs."""

    def __init__(self, limit: int = MAX_SHARED) -> None:
        self._limit = limit
        self.texts: dict[str, str] = {}
        self._labels: dict[Labels, Labels] = {}
        self._mappings: dict[Labels, dict[str, str]] = {}

    @overload
    def text(self, text: str) -> str: ...
    @overload
    def text(self, text: str | None) -> str | None: ...
    def text(self, text: str | None) -> str | None:
        """A string that is equal to `text`; None for None."""
        if text is None:
            return None
        known = self.texts.get(text)
        if known is None:
            if len(self.texts) >= self._limit:
                self.texts.clear()
            known = self.texts[text] = text
        return known

    def labels(self, labels: Labels) -> Labels:
        """Equal pairs, in the same order."""
        known = self._labels.get(labels)
        if known is None:
            if len(self._labels) >= self._limit:
                self._labels.clear()
            known = tuple([(self.text(key), self.text(value)) for key, value in labels])
            self._labels[known] = known
        return known

    def identity(self, identity: Identity) -> Identity:
        """An equal identity, of shared parts."""
        source, name, entity, service, labels = identity
        # Inlined, since most are known, and a storm of new streams looks up each of them.
        known = self.texts.get
        return (
            known(source) or self.text(source) if source else source,
            known(name) or self.text(name),
            known(entity) or self.text(entity),
            known(service) or self.text(service) if service else service,
            self._labels.get(labels) or self.labels(labels) if labels else labels,
        )

    def mapping(self, labels: dict[str, str]) -> dict[str, str]:
        """An equal dict in the same order, which nobody may change."""
        pairs = tuple(labels.items())
        known = self._mappings.get(pairs)
        if known is None:
            if len(self._mappings) >= self._limit:
                self._mappings.clear()
            pairs = self.labels(pairs)
            known = self._mappings[pairs] = dict(pairs)
        return known

    @property
    def size(self) -> int:
        """Return how many texts, label sets and dicts are held."""
        return len(self.texts) + len(self._labels) + len(self._mappings)
