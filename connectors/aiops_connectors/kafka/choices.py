"""Several mappings of one source: the first one whose conditions hold reads the message.

Conditions look at the topic (`@topic`), a header (`@headers.NAME`), the key (`@key`) or the content (a path), in the
words of the mapping language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Headers
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from aiops.errors import RecordError, UsageError
from aiops.records import Alert, Change, Metric
from aiops_connectors.mapping.builders import Problem
from aiops_connectors.mapping.expressions import Scope
from aiops_connectors.mapping.mapping import Mapping, Test, condition, load_mapping
from aiops_connectors.mapping.origin import NOWHERE, Origin
from aiops_connectors.payloads.archive_records import archived
from aiops_connectors.payloads.values import PayloadMapping

# Not a mapping: values that are records already.
ARCHIVE = "archive"


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"among": "is"}):
    """One condition on a message."""

    path: Annotated[str, Meta(description="`@topic`, `@key`, `@headers.NAME`, or a path into the value.")]
    among: Annotated[list[str] | None, Meta(description="One of these words, in any case.")] = None
    matches: Annotated[
        str | None, Meta(description="A [regular expression](matchers.md#regular-expressions) that occurs in it.")
    ] = None
    present: Annotated[bool | None, Meta(description="Whether there is anything at all.")] = None


class Choice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of several mappings."""

    use: Annotated[str, Meta(description="Name or path of a mapping; `archive` for archive records.")]
    when: Annotated[
        list[Condition], Meta(description="Conditions that must all hold; without any, it takes what no other took.")
    ] = field(default_factory=list)


class Choices:
    """The mapping that the first fitting choice names; see `PayloadMapping`."""

    def __init__(self, choices: Sequence[Choice], place: str, zone: str | None = None) -> None:
        """Raise `UsageError` for a choice that nothing can reach, or whose mapping cannot be read."""
        for number, choice in enumerate(choices[:-1]):
            if not choice.when:
                raise UsageError(f"{place}[{number}]: takes every message, the ones after it none; put it last")
        self._choices = [
            ([_holds(one) for one in choice.when], _reader(choice, f"{place}[{number}]", zone))
            for number, choice in enumerate(choices)
        ]

    def reload(self) -> Callable[[], None]:
        """Read all mappings again; see `aiops.ports.Reloads`."""
        found = [one.reload() for _, one in self._choices if isinstance(one, Mapping)]

        def take_over() -> None:
            for each in found:
                each()

        return take_over

    def apply(
        self, payload: Any, headers: Headers[str, str], key: str | None, now: float, origin: Origin = NOWHERE
    ) -> tuple[list[Alert | Metric | Change], list[Problem]]:
        """See `PayloadMapping.apply`."""
        scope = Scope(payload, payload, headers, key, origin=origin)
        for conditions, mapping in self._choices:
            if all(holds(scope) for holds in conditions):
                return mapping.apply(payload, headers, key, now, origin)
        reason = f"no mapping of the source fits (topic {origin.topic}); add one without `when` for the rest"
        return [], [Problem("$", reason)]


class _Archive:
    """Archive records, as a source without a mapping takes them."""

    def apply(
        self, payload: Any, headers: Headers[str, str], key: str | None, now: float, origin: Origin = NOWHERE
    ) -> tuple[list[Alert | Metric | Change], list[Problem]]:
        problems: list[Problem] = []
        try:
            return archived(payload, headers, now, problems), problems
        except RecordError as error:
            return [], [Problem(error.field, str(error))]


def _holds(one: Condition) -> Callable[[Scope], bool]:
    return condition(Test(path=one.path, among=one.among, matches=one.matches, present=one.present))


def _reader(choice: Choice, place: str, zone: str | None) -> PayloadMapping:
    if choice.use == ARCHIVE:
        return _Archive()
    try:
        return load_mapping(choice.use, zone=zone)
    except UsageError as error:
        raise UsageError(f"{place}.use: {error}") from None
