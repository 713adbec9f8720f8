"""The values of mappings: what is done to what a path finds.

Nothing of a payload is ever compiled, formatted or executed: paths, tables and regular expressions come from the
mapping file alone, and each is compiled once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from aiops.errors import UsageError
from aiops.patterns import Finder
from aiops_connectors.mapping.paths import JSON_LIMIT, Getter, Scope, compile_path, text
from aiops_connectors.mapping.placeholders import COMMON, STARTS, Placeholder
from aiops_connectors.mapping.text_steps import STEPS, Step

# A regular expression sees at most this much of a value: RE2's cost is the length of the text.
MATCH_LIMIT = 2048

# A name in an object, the commonest path: neighbours with the same parent are looked up together.
_PLAIN = re.compile(r"(?P<parent>[^.\[\]\"@$~]+)\.(?P<name>[^.\[\]\"@$~]+)")


class Term(Struct, forbid_unknown_fields=True, omit_defaults=True, rename={"separator": "with"}):
    """A value and what is done to it, in this order: source, `step`, `match`, `table`, `default`.

    Exactly one source: `path`, `first` (the first that is not empty), `value` (a literal) or `join` (all that are not
    empty, with `with` between; with `whole`, nothing unless all parts are there). `step` is `base64` (the text that it
    holds), `shape` (the first line without its numbers, hashes and addresses: the identity of a log line), or `syslog`,
    `line_protocol` or `snmptrapd` (the lines of a text as a list of objects, for `again`), `pri_severity` (of a syslog
    PRI: its severity), or `subject_state`, `subject_key` and `subject_name` (of a subject: its state, what stays when
    that changes, and a name). `match`
    keeps what the regular expression's group 1 (or all of it) caught. `table` translates, without regard to case; a
    table's name or a table. `default` stands in for what is empty by then.
    """

    path: str | None = None
    first: list[str | Term] | None = None
    value: str | int | float | None = None
    join: list[str | Term] | None = None
    separator: str = " "
    whole: bool = False
    step: Step | None = None
    match: str | None = None
    table: str | dict[str, str] | None = None
    default: str | None = None


Spec = str | list[str | Term] | Term
Tables = Mapping[str, Mapping[str, str]]


def compile_spec(spec: Spec, tables: Tables, unfilled: Placeholder | None = None) -> Getter:
    """A function from a scope to the value that `spec` describes; None where it is empty.

    What `unfilled` finds in a text is a placeholder that the tool left: as good as nothing.
    """
    if isinstance(spec, str):
        return compile_path(spec) if unfilled is None else _filled_path(spec, unfilled)
    if isinstance(spec, list):
        return _first(_alternatives(spec, tables, unfilled))
    get = _source(spec, tables, unfilled)
    if spec.step is not None:
        get = _stepped(get, STEPS[spec.step])
    if spec.match is not None:
        get = _matched(get, spec.match)
    if spec.table is not None:
        get = _translated(get, _table(spec.table, tables), spec.default)
    elif spec.default is not None:
        get = _or(get, spec.default)
    return get


def _filled_path(path: str, unfilled: Placeholder) -> Getter:
    """Return the getter of a path without placeholders; that of the commonest paths makes no call for it."""
    names = path.split(".")
    if not unfilled.is_common or len(names) > 2 or any(mark in path for mark in '[]"@$~') or not all(names):
        return _filled(compile_path(path), unfilled)
    outer, last = names if len(names) == 2 else ("", names[0])
    occurs = unfilled.occurs

    def get(scope: Scope) -> Any:
        found = scope.item
        if type(found) is not dict:
            return None
        if outer:
            found = found.get(outer)
            if type(found) is not dict:
                return None
        value = found.get(last)
        return None if type(value) is str and value[:1] in STARTS and occurs(value) else value

    return get


def _filled(get: Getter, unfilled: Placeholder) -> Getter:
    occurs = unfilled.occurs

    def filled(scope: Scope) -> Any:
        value = get(scope)
        return None if type(value) is str and occurs(value) else value

    def usual(scope: Scope) -> Any:
        value = get(scope)
        return None if type(value) is str and value[:1] in STARTS and occurs(value) else value

    return usual if unfilled.is_common else filled


def _source(term: Term, tables: Tables, unfilled: Placeholder | None) -> Getter:
    given = [name for name in ("path", "first", "value", "join") if getattr(term, name) is not None]
    if len(given) != 1:
        raise UsageError(f"expected exactly one of path, first, value, join; got {', '.join(given) or 'none'}")
    if term.path is not None:
        return compile_spec(term.path, tables, unfilled)
    if term.first is not None:
        return _first(_alternatives(term.first, tables, unfilled))
    if term.join is not None:
        return _joined([compile_spec(part, tables, unfilled) for part in term.join], term.separator, term.whole)
    literal = term.value
    return lambda scope: literal


def _alternatives(parts: list[str | Term], tables: Tables, unfilled: Placeholder | None) -> list[Getter]:
    """Return a getter for each part.

    Neighbours like `labels.pod`, `labels.host` share one, which reads `labels` once.
    """
    getters: list[Getter] = []
    parent, names = "", list[str]()
    for part in [*parts, ""]:
        found = _PLAIN.fullmatch(part) if isinstance(part, str) else None
        if names and (found is None or found["parent"] != parent):
            single = f"{parent}.{names[0]}"
            getters.append(_any_of(parent, names, unfilled) if len(names) > 1 else compile_spec(single, {}, unfilled))
            names = []
        if found is not None:
            parent = found["parent"]
            names = [*names, found["name"]]
        elif part:
            getters.append(compile_spec(part, tables, unfilled))
    return getters


def _any_of(parent: str, names: list[str], unfilled: Placeholder | None) -> Getter:
    occurs = unfilled.occurs if unfilled is not None else COMMON.occurs
    is_common = unfilled is None or unfilled.is_common

    def get(scope: Scope) -> Any:
        item = scope.item
        inner = item.get(parent) if type(item) is dict else None
        if type(inner) is dict:
            for name in names:
                # Most names are not there: what is, is looked at more closely.
                if name not in inner:
                    continue
                value = inner[name]
                if type(value) is str:
                    if not value or value.isspace() or ((not is_common or value[:1] in STARTS) and occurs(value)):
                        continue
                    return value
                if value is not None:
                    return value
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
                # A text reads better without repetition. A key must keep it: host and service may have one name.
                if part is not None and (whole or part not in parts):
                    parts.append(part)
        return separator.join(parts) or None

    return get


def _stepped(get: Getter, step: Callable[[str], Any]) -> Getter:
    def stepped(scope: Scope) -> Any:
        value = text(get(scope))
        return step(value) if value is not None else None

    return stepped


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


def untranslated(spec: Spec | None) -> Spec | None:
    """Return a spec without its tables and defaults; None for a mapping's own literal."""
    if spec is None or isinstance(spec, str):
        return spec
    if isinstance(spec, list):
        return [part for one in spec if (part := untranslated(one)) is not None and not isinstance(part, list)] or None
    if spec.value is not None:
        return None
    first = untranslated(spec.first) if spec.first is not None else None
    if spec.first is not None and first is None:
        return None
    return replace(spec, table=None, default=None, first=first)


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


__all__ = [
    "JSON_LIMIT",
    "Getter",
    "Scope",
    "Spec",
    "Tables",
    "Term",
    "compile_path",
    "compile_spec",
    "places",
    "text",
    "untranslated",
]
