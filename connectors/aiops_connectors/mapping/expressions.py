"""The path language of mappings: where in a payload a field's value is, and what is done to it.

A path is names joined by dots, from the item at hand: `labels.alertname`. `$.` starts at the whole payload,
`@headers.` at the request's (or message's) headers, `@outer.` at the envelope, `@key` is the message key and `@index`
the item's number. A name with dots is quoted: `labels["service.name"]`. `[0]` and `[-1]` pick from a list, `[*]` takes
all of it, `[name=value]` the first object of a list in which `name` is `value`.

Nothing of a payload is ever compiled, formatted or executed: paths, tables and regular expressions come from the
mapping file alone, and each is compiled once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from aiops.errors import UsageError
from aiops.patterns import Finder

# A regular expression sees at most this much of a value: RE2's cost is the length of the text.
MATCH_LIMIT = 2048
# Lists are walked this far by `[*]` and `[name=value]`; tools send a handful.
LIST_LIMIT = 1000

_SEGMENT = re.compile(
    r"""\.?(?:(?P<name>[^.\[\]"\s][^.\[\]"]*)
      | \["(?P<quoted>[^"]+)"\] | \[(?P<index>-?\d+)\] | \[(?P<all>\*)\] | \[(?P<field>[\w.-]+)=(?P<value>[^\]]*)\])""",
    re.VERBOSE,
)

# A name in an object, the commonest path: neighbours with the same parent are looked up together.
_PLAIN = re.compile(r"(?P<parent>[^.\[\]\"@$]+)\.(?P<name>[^.\[\]\"@$]+)")


class Scope:
    """The scope of a path. `item` is the present object, `root` the whole payload."""

    __slots__ = ("headers", "index", "item", "key", "outer", "root")

    def __init__(
        self, item: Any, root: Any, headers: Mapping[str, str], key: str | None, index: int = 0, outer: Any = None
    ) -> None:
        self.item = item
        self.root = root
        self.headers = headers
        self.key = key
        self.index = index
        self.outer = outer


Getter = Callable[[Scope], Any]
Step = Callable[[Any], Any]


class Term(Struct, forbid_unknown_fields=True, omit_defaults=True, rename={"separator": "with"}):
    """A value and what is done to it, in this order: source, `match`, `table`, `default`.

    Exactly one source: `path`, `first` (the first that is not empty), `value` (a literal) or `join` (all that are not
    empty, with `with` between; with `whole`, nothing unless all parts are there). `match` keeps what the regular
    expression's group 1 (or all of it) caught. `table` translates, without regard to case; a table's name or a table.
    `default` stands in for what is empty by then.
    """

    path: str | None = None
    first: list[str | Term] | None = None
    value: str | int | float | None = None
    join: list[str | Term] | None = None
    separator: str = " "
    whole: bool = False
    match: str | None = None
    table: str | dict[str, str] | None = None
    default: str | None = None


Spec = str | list[str | Term] | Term
Tables = Mapping[str, Mapping[str, str]]


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
    names = path.split(".")
    if not any(mark in path for mark in '[]"@$') and all(names):
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


def _from(start: str, steps: list[Step]) -> Getter:
    def get(scope: Scope) -> Any:
        found = getattr(scope, start)
        for step in steps:
            found = step(found)
        return found

    return get


def _steps(path: str, whole: str) -> list[Step]:
    steps: list[Step] = []
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


def _step(found: re.Match[str]) -> Step:
    name = found["name"] or found["quoted"]
    if name is not None:
        return lambda value: value.get(name) if type(value) is dict else None
    if found["index"] is not None:
        index = int(found["index"])
        return lambda value: value[index] if type(value) is list and -len(value) <= index < len(value) else None
    field, wanted = found["field"], found["value"]

    def select(value: Any) -> Any:
        if type(value) is not list:
            return None
        for element in value[:LIST_LIMIT]:
            if type(element) is dict and text(element.get(field)) == wanted:
                return element
        return None

    return select


def _every(rest: list[Step]) -> Step:
    def every(value: Any) -> Any:
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


def compile_spec(spec: Spec, tables: Tables) -> Getter:
    """A function from a scope to the value that `spec` describes; None where it is empty."""
    if isinstance(spec, str):
        return compile_path(spec)
    if isinstance(spec, list):
        return _first(_alternatives(spec, tables))
    get = _source(spec, tables)
    if spec.match is not None:
        get = _matched(get, spec.match)
    if spec.table is not None:
        get = _translated(get, _table(spec.table, tables), spec.default)
    elif spec.default is not None:
        get = _or(get, spec.default)
    return get


def _source(term: Term, tables: Tables) -> Getter:
    given = [name for name in ("path", "first", "value", "join") if getattr(term, name) is not None]
    if len(given) != 1:
        raise UsageError(f"expected exactly one of path, first, value, join; got {', '.join(given) or 'none'}")
    if term.path is not None:
        return compile_path(term.path)
    if term.first is not None:
        return _first(_alternatives(term.first, tables))
    if term.join is not None:
        return _joined([compile_spec(part, tables) for part in term.join], term.separator, term.whole)
    literal = term.value
    return lambda scope: literal


def _alternatives(parts: list[str | Term], tables: Tables) -> list[Getter]:
    """Return a getter for each part.

    Neighbours like `labels.pod`, `labels.host` share one, which reads `labels` once.
    """
    getters: list[Getter] = []
    parent, names = "", list[str]()
    for part in [*parts, ""]:
        found = _PLAIN.fullmatch(part) if isinstance(part, str) else None
        if names and (found is None or found["parent"] != parent):
            getters.append(_any_of(parent, names) if len(names) > 1 else compile_path(f"{parent}.{names[0]}"))
            names = []
        if found is not None:
            parent = found["parent"]
            names = [*names, found["name"]]
        elif part:
            getters.append(compile_spec(part, tables))
    return getters


def _any_of(parent: str, names: list[str]) -> Getter:
    def get(scope: Scope) -> Any:
        item = scope.item
        inner = item.get(parent) if type(item) is dict else None
        if type(inner) is dict:
            for name in names:
                # Most names are not there: what is, is looked at more closely.
                if name in inner and not _empty(inner[name]):
                    return inner[name]
        return None

    return get


def _empty(value: Any) -> bool:
    return value is None or (type(value) is str and (not value or value.isspace()))


def _first(getters: list[Getter]) -> Getter:
    if len(getters) == 1:
        return getters[0]

    def get(scope: Scope) -> Any:
        for getter in getters:
            found = getter(scope)
            if found is not None and not _empty(found):
                return found
        return None

    return get


def _joined(getters: list[Getter], separator: str, whole: bool) -> Getter:
    def get(scope: Scope) -> str | None:
        parts: list[str] = []
        for getter in getters:
            found = getter(scope)
            if whole and _empty(found):
                return None
            if found is None:
                continue
            for element in found if type(found) is list else (found,):
                part = text(element)
                if part is not None and part not in parts:
                    parts.append(part)
        return separator.join(parts) or None

    return get


def _matched(get: Getter, expression: str) -> Getter:
    try:
        find = Finder(expression).find
    except UsageError as error:
        raise UsageError(f"match: {error}") from None

    def matched(scope: Scope) -> str | None:
        value = text(get(scope))
        return find(value[:MATCH_LIMIT]) if value is not None else None

    return matched


def _table(table: str | dict[str, str], tables: Tables) -> dict[str, str]:
    if isinstance(table, str):
        if table not in tables:
            raise UsageError(f"table: expected one of {', '.join(sorted(tables))}; got {table!r}")
        table = dict(tables[table])
    return {word.lower(): meaning for word, meaning in table.items()}


def _translated(get: Getter, table: dict[str, str], default: str | None) -> Getter:
    """Return a getter through a table.

    `default` replaces an empty value only: an unknown word stays, for the field to accept or refuse.
    """

    def translated(scope: Scope) -> str | None:
        word = text(get(scope))
        if word is None:
            return default
        return table.get(word.lower(), table.get("*", word))

    return translated


def _or(get: Getter, default: str) -> Getter:
    def either(scope: Scope) -> Any:
        found = get(scope)
        return default if found is None or found == "" else found

    return either


def places(spec: Spec | None) -> list[str]:
    """The paths that a spec looks at, for messages."""
    if spec is None:
        return []
    if isinstance(spec, str):
        return [spec]
    if isinstance(spec, list):
        return [place for part in spec for place in places(part)]
    parts = [spec.path] if spec.path else spec.first or spec.join or []
    return [place for part in parts for place in places(part)]
