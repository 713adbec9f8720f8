"""The path language of mappings: where in a payload a field's value is, and what is done to it.

A path is names joined by dots, from the item at hand: `labels.alertname`. `$.` starts at the whole payload,
`@headers.` at the request's (or message's) headers, `@query.` at the parameters of its URL, `@outer.` at the
envelope. `@method` is the request's method, `@topic` the message's topic, `@key` its key and `@index` the item's
number. A name with dots is quoted: `labels["service.name"]`. `[0]` and `[-1]` pick from a list, `[*]` takes all of it
(of an object: its values), `[name=value]` the first object of a list in which `name` is `value`, or begins with it
(`[oid=1.3.6.*]`). `[json]` is what the JSON in a text holds, or the value itself where it is no text:
`details[json].host`. `[ifIndex.*]` is the value of the first name, in their order, that begins so.

Nothing of a payload is ever compiled, formatted or executed: paths, tables and regular expressions come from the
mapping file alone, and each is compiled once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from aiops.errors import UsageError
from aiops_connectors.mapping.loose_names import folded, folded_fields, loose
from aiops_connectors.mapping.origin import NOWHERE, Origin
from aiops_connectors.mapping.unwrapping import unwrapped

# Lists are walked this far by `[*]` and `[name=value]`; tools send a handful, a collector thousands of log records. One
# more than a rule takes of a payload's items: what is beyond that is reported.
LIST_LIMIT = 10_001
# Each path that goes through `[json]` reads the text anew.
JSON_LIMIT = 1 << 18

_SEGMENT = re.compile(
    r"""\.?(?:(?P<name>[^.\[\]"\s][^.\[\]"]*)
      | \["(?P<quoted>[^"]+)"\] | \[(?P<index>-?\d+)\] | \[(?P<all>\*)\] | \[(?P<json>json)\]
      | \[(?P<prefix>[\w.:-]+)\*\]
      | \[(?P<field>[\w.-]+)=(?P<value>[^\]]*)\])""",
    re.VERBOSE,
)


class Scope:
    """The scope of a path. `item` is the present object, `root` the whole payload."""

    __slots__ = ("_folded", "headers", "index", "item", "key", "origin", "outer", "root")

    def __init__(
        self,
        item: Any,
        root: Any,
        headers: Mapping[str, str],
        key: str | None,
        index: int = 0,
        outer: Any = None,
        origin: Origin = NOWHERE,
    ) -> None:
        self.item = item
        self.root = root
        self.headers = headers
        self.key = key
        self.index = index
        self.outer = outer
        self.origin = origin
        self._folded: dict[str, Any] | None = None

    def loose(self, name: str, wanted: str) -> Any:
        """Return the field of the item with exactly `name`, or else the first whose folded name is `wanted`."""
        item = self.item
        if type(item) is not dict:
            return None
        if name in item:
            return item[name]
        if self._folded is None:
            self._folded = folded_fields(item)
        return self._folded.get(wanted)

    def inside(self, inner: Any, index: int) -> Scope:
        """Return the scope of what the present item is an envelope of."""
        return Scope(inner, inner, self.headers, self.key, index, self.item, self.origin)


Getter = Callable[[Scope], Any]
Walk = Callable[[Any], Any]


def text(value: Any) -> str | None:
    """A scalar as text; None for what is absent, blank or not a scalar.

    >>> text(" up "), text(3), text(2.50), text(True), text(""), text({})
    ('up', '3', '2.5', 'true', None, None)
    """
    if type(value) is str:
        value = value.strip()
        if value and not value.isascii():
            # A lone surrogate would fail only when the journal encodes it, long after the sender got its success.
            value = value.encode("utf-8", "replace").decode("utf-8")
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if -(2**63) <= value < 2**64 else None
    if isinstance(value, float):
        return format(value, ".15g")
    return None


def compile_path(path: str) -> Getter:
    """A function from a scope to what is at `path`, None where there is nothing."""
    if path == "@key":
        return lambda scope: scope.key
    if path == "@index":
        return lambda scope: scope.index
    if path == "@method":
        return lambda scope: scope.origin.method or None
    if path == "@topic":
        return lambda scope: scope.origin.topic or None
    if path.startswith("@query."):
        parameter = path.removeprefix("@query.")
        return lambda scope: scope.origin.query.get(parameter)
    if path.startswith("@headers."):
        header = path.removeprefix("@headers.").lower()
        return lambda scope: scope.headers.get(header)
    if path == "$":
        return lambda scope: scope.root
    if path.startswith("$."):
        return _from("root", _steps(path[2:], path))
    if path.startswith("@outer."):
        return _from("outer", _steps(path.removeprefix("@outer."), path))
    if path == ".":
        return lambda scope: scope.item
    if path[:1] == "~" and not any(mark in path for mark in '.[]"@$'):
        exact, wanted = path[1:], folded(path[1:])
        return lambda scope: scope.loose(exact, wanted)
    names = path.split(".")
    if not any(mark in path for mark in '[]"@$~') and all(names):
        return _names(names)
    return _from("item", _steps(path, path))


def _names(names: list[str]) -> Getter:
    """The common case, without a call for each step."""
    if len(names) == 1:
        only = names[0]

        def one(scope: Scope) -> Any:
            item = scope.item
            return item.get(only) if type(item) is dict else None

        return one
    if len(names) == 2:
        outer, last = names

        def two(scope: Scope) -> Any:
            item = scope.item
            inner = item.get(outer) if type(item) is dict else None
            return inner.get(last) if type(inner) is dict else None

        return two

    def several(scope: Scope) -> Any:
        found = scope.item
        for name in names:
            if type(found) is not dict:
                return None
            found = found.get(name)
        return found

    return several


def _from(start: str, steps: list[Walk]) -> Getter:
    def get(scope: Scope) -> Any:
        found = getattr(scope, start)
        for step in steps:
            found = step(found)
        return found

    return get


def _steps(path: str, whole: str) -> list[Walk]:
    steps: list[Walk] = []
    at = 0
    while at < len(path):
        found = _SEGMENT.match(path, at)
        if found is None:
            raise UsageError(f"path {whole!r}: expected names joined by dots or [...]; got {path[at:]!r}")
        at = found.end()
        if found["all"]:
            # What follows a [*] is taken of every element.
            rest = _steps(path[at:], whole)
            return [*steps, _every(rest)]
        steps.append(_step(found))
    if not steps and path != "":
        raise UsageError(f"path {whole!r} is empty")
    return steps


def _step(found: re.Match[str]) -> Walk:
    name = found["name"] or found["quoted"]
    if found["name"] is not None and name.startswith("~"):
        exact, wanted = name[1:], folded(name[1:])
        return lambda value: loose(value, exact, wanted)
    if name is not None:
        return lambda value: value.get(name) if type(value) is dict else None
    if found["json"] is not None:
        return lambda value: value if type(value) is str and len(value) > JSON_LIMIT else unwrapped(value)
    if found["prefix"] is not None:
        return _beginning(found["prefix"])
    if found["index"] is not None:
        index = int(found["index"])
        return lambda value: value[index] if type(value) is list and -len(value) <= index < len(value) else None
    field, wanted = found["field"], found["value"]
    begins = wanted[:-1] if wanted.endswith("*") and len(wanted) > 1 else None
    # Pairs are lists of two with some tools: `tags[0=host][1]`.
    place = int(field) if field.isdecimal() and len(field) < 4 else None

    def select(value: Any) -> Any:
        if type(value) is not list:
            return None
        for element in value[:LIST_LIMIT]:
            if type(element) is dict:
                own = element.get(field)
            elif type(element) is list and place is not None and place < len(element):
                own = element[place]
            else:
                continue
            held = text(own)
            if held == wanted or (begins is not None and held is not None and held.startswith(begins)):
                return element
        return None

    return select


def _beginning(prefix: str) -> Walk:
    def first(value: Any) -> Any:
        if type(value) is not dict:
            return None
        names = [name for name in value if type(name) is str and name.startswith(prefix)]
        return value[min(names)] if names else None

    return first


def _every(rest: list[Walk]) -> Walk:
    def every(value: Any) -> Any:
        if type(value) is dict:
            value = list(value.values())
        if type(value) is not list:
            return None
        found = []
        for element in value[:LIST_LIMIT]:
            for step in rest:
                element = step(element)
            if element is not None:
                found.append(element)
        return found

    return every
