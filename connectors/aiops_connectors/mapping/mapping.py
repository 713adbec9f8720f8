"""Mappings: declarative YAML files, one a tool, that turn the tool's payload into records.

A mapping is a list of rules; the first whose `when` holds applies (`continue`: and those after it). It names the items
and, by paths (see `aiops_connectors.mapping.expressions`), each field. Shipped ones are in `aiops_connectors/mappings`;
a user's own is loaded by its path. Valid items of a payload are kept if others are invalid.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Headers
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from aiops.errors import UsageError
from aiops.patterns import Finder
from aiops.records import Alert, Change, Metric
from aiops_connectors.mapping.builders import MAX_RAW, Fields, Found, Problem, Sent, builder, raw
from aiops_connectors.mapping.expressions import Scope, Spec, Tables, compile_path, compile_spec, places, text
from aiops_connectors.mapping.mapping_file import read_file
from aiops_connectors.mapping.origin import NOWHERE, Origin
from aiops_connectors.mapping.placeholders import Placeholder
from aiops_connectors.mapping.states import TABLES
from aiops_connectors.mapping.times import zone_of
from aiops_connectors.mapping.unwrapping import unwrapped

SHIPPED = Path(__file__).parent.parent / "mappings"
# One payload may not hold the engine for long; Alertmanager and Prometheus send tens, cloud event grids hundreds.
MAX_ITEMS = 10_000
# An envelope in an envelope in an envelope: an alarm in SNS in SQS has three.
MAX_DEPTH = 4
MAX_FILE = 1 << 20
# Uses of other mappings by one, in all.
MAX_USED = 200

_NAME = r"^[a-z][a-z0-9_]{0,63}$"


class Test(Struct, forbid_unknown_fields=True, rename={"among": "is"}):
    """A condition on `path`, whose parts must all hold.

    `is` one of, without regard to case; `matches` a regular expression; `present` (true or false); of a `kind`.
    """

    path: str
    among: list[str] | None = None
    matches: str | None = None
    present: bool | None = None
    kind: Literal["object", "list", "text"] | None = None


class Rule(Fields, forbid_unknown_fields=True, kw_only=True, rename={"more": "continue"}):
    """One shape of payload.

    `items` names its list, if any: lists in it are one list. `missing` is the number that the sender left out.
    `again` applies the whole mapping to the inner part: an object, a list or JSON held as text. `@outer.` starts at
    the envelope there. `ignore` reads nothing from the payload and is no error; with `keep` the payload is among the
    dead letters, for a person who needs a value of it. `reject` is an error, with its reason.
    With `continue` the rules after it are tried as well: for a payload with several lists.
    `use` hands the payload, each of its items or what `again` unwraps to another mapping, a name or a path. A rule that
    is only `include` (and `when`) stands for the rules of another mapping, under this one's name.
    """

    when: list[Test] = field(default_factory=list)
    missing: str | None = None
    again: Spec | None = None
    use: str | None = None
    include: str | None = None
    items: str | None = None
    skip: list[Test] = field(default_factory=list)
    record: Literal["alert", "metric", "change"] = "alert"
    ignore: str | None = None
    keep: bool = False
    reject: str | None = None
    more: bool = False


class MappingFile(Struct, forbid_unknown_fields=True, rename="camel"):
    """The file format.

    `placeholder` matches values that the tool was to replace and did not, beside the common ones (`{{Name}}`, `$HOST$`,
    `*UNKNOWN*` and the like). `zone` is that of times which state none, for all rules. Paths of other mappings start at
    the folder of this file.
    """

    api_version: Literal["aiops/v1"]
    kind: Literal["Mapping"]
    name: Annotated[str, Meta(pattern=_NAME)]
    summary: str
    rules: Annotated[list[Rule], Meta(min_length=1)]
    documentation: str | None = None
    placeholder: str | None = None
    zone: str | None = None
    tables: dict[str, dict[str, str]] = {}


class Mapping:
    """A compiled mapping; it holds no state and may be used from many threads.

    Cost: about 10 microseconds an item (`benchmarks/throughput/http.py`).
    """

    def __init__(self, file: MappingFile, link: Link | None = None, *, name: str = "", zone: str | None = None) -> None:
        """Raise `UsageError` for what cannot be compiled.

        `link` loads another mapping by name or path. `name` and `zone` replace the file's own.
        """
        self.name = name or file.name
        # Where it was read, for a reload; None for one that was made in memory.
        self._read_again: Callable[[], Mapping] | None = None
        # Set by a trial of one payload: what the sender wrote, alert by alert.
        self.sent: list[Sent] | None = None
        self.summary = file.summary
        self.documentation = file.documentation
        tables = {**TABLES, **file.tables}
        local = zone_of(zone or file.zone or "UTC")
        compiling = _Compiling(self.name, tables, Placeholder(file.placeholder), local, link or _unlinked)
        self.rules = [shape for rule in file.rules for shape in compiling.shapes(rule)]

    def reload(self) -> Callable[[], None]:
        """Read the file again, and return a function that takes its rules over; raise `UsageError`."""
        if self._read_again is None:
            return lambda: None
        found = self._read_again()

        def take_over() -> None:
            # A payload that is being read goes through the rules with which it began.
            self.name, self.summary, self.documentation = found.name, found.summary, found.documentation
            self.rules = found.rules

        return take_over

    def apply(
        self,
        payload: Any,
        headers: Headers[str, str],
        key: str | None,
        now: float,
        origin: Origin = NOWHERE,
    ) -> tuple[list[Alert | Metric | Change], list[Problem]]:
        """Return the valid records of a payload, and the place and reason of each invalid item.

        `payload` is a decoded document, `headers` have lower-case names, `key` is a message key, `now` the receipt
        time, `origin` the way it came. A record's `id` is empty if the payload has none. Never raises for a payload's
        content.
        """
        found = Found(self.sent)
        if type(payload) is list:
            for index, element in enumerate(payload[:MAX_ITEMS]):
                self._one(Scope(element, element, headers, key, index, None, origin), f"$[{index}]", now, found)
            if len(payload) > MAX_ITEMS:
                found.problems.append(_too_many("$", len(payload)))
        else:
            self._one(Scope(payload, payload, headers, key, 0, None, origin), "$", now, found)
        return found.records, found.problems

    def _one(self, scope: Scope, place: str, now: float, found: Found, depth: int = 0) -> None:
        if type(scope.root) is not dict or depth > MAX_DEPTH:
            found.reject(place, f"expected an object; got {_kind(scope.root)}", scope.root)
            return
        fitted = False
        for rule in self.rules:
            if rule.fits(scope):
                fitted = True
                for inner, at in rule.apply(scope, place, now, found):
                    (rule.other or self)._one(inner, at, now, found, depth + 1)
                if not rule.more:
                    return
        if fitted:
            return
        found.reject(place, f"no form of payload that {self.name} sends: its keys are {_keys(scope.root)}", scope.root)


# Loads a mapping by name or path, and compiles it under a name (empty: its own).
Link = Callable[[str, str], Mapping]


def _unlinked(name: str, _: str) -> Mapping:
    raise UsageError(f"expected a mapping in a file, to use {name!r} from there")


class _Compiling(Struct):
    """Parts that the rules of one file share while they are compiled."""

    name: str
    tables: Tables
    placeholder: Placeholder
    local: tzinfo
    link: Link

    def shapes(self, rule: Rule) -> list[_Shape]:
        """Return the compiled rule, or those that it includes."""
        if rule.include is None:
            return [_Shape(rule, self)]
        if rule != Rule(include=rule.include, when=rule.when):
            raise UsageError("include: expected no other field than `when` beside it")
        when = [condition(test) for test in rule.when]
        return [shape.where(when) for shape in self.link(rule.include, self.name).rules]


class _Shape:
    """A compiled rule."""

    def __init__(self, rule: Rule, shared: _Compiling) -> None:
        tables = shared.tables
        self.other = shared.link(rule.use, "") if rule.use is not None else None
        self._when = [condition(test) for test in rule.when]
        self._skip = [condition(test) for test in rule.skip]
        self._again = " or ".join(places(rule.again))
        self._inside = compile_spec(rule.again, tables) if rule.again is not None else None
        self._items = rule.items
        # Lists that `[*]` gathers are one; any other list in a list is no item.
        self._is_flat = rule.items is not None and "[*]" in rule.items
        self._get_items = compile_path(rule.items) if rule.items is not None else None
        self._missing = compile_path(rule.missing) if rule.missing is not None else None
        self._ignore, self._reject, self._keep = rule.ignore, rule.reject, rule.keep
        self.more = rule.more
        self._build = builder(rule.record, rule, shared.name, tables, shared.placeholder, shared.local)

    def where(self, when: list[Holds]) -> _Shape:
        """Add conditions in front of the rule's own."""
        self._when = [*when, *self._when]
        return self

    def fits(self, scope: Scope) -> bool:
        for holds in self._when:  # noqa: SIM110 - a generator costs more than the tests
            if not holds(scope):
                return False
        return True

    def apply(self, scope: Scope, place: str, now: float, found: Found) -> list[tuple[Scope, str]]:
        """Build the records of a payload; return what is in envelopes, for the mapping to be applied again."""
        envelopes: list[tuple[Scope, str]] = []
        if self._reject is not None:
            found.reject(place, self._reject, scope.root)
        elif self._ignore is not None and self._keep:
            found.problems.append(Problem(place=place, reason=self._ignore, raw=raw(scope.root), warning=True))
        elif self._ignore is not None:
            found.note(place, "note", f"{self._ignore}: nothing was recorded")
        elif self._get_items is None:
            self._item(scope, place, now, found, envelopes)
        else:
            items, place = self._get_items(scope), f"{place}.{self._items}"
            if type(items) is not list:
                found.reject(place, f"expected a list; got {_kind(items)}", scope.root)
                return []
            items = _flat(items) if self._is_flat else items
            for index, item in enumerate(items[:MAX_ITEMS]):
                inner = Scope(item, scope.root, scope.headers, scope.key, index, scope.outer, scope.origin)
                self._item(inner, f"{place}[{index}]", now, found, envelopes)
            if len(items) > MAX_ITEMS:
                found.problems.append(_too_many(place, len(items)))
            self._report_missing(scope, place, found)
        return envelopes

    def _report_missing(self, scope: Scope, place: str, found: Found) -> None:
        count = self._missing(scope) if self._missing is not None else None
        if isinstance(count, int) and count > 0:
            reason = f"the sender left out {count} items: raise the bound in its settings (max_alerts)"
            found.problems.append(Problem(place=place, reason=reason, warning=True))

    def _item(self, scope: Scope, place: str, now: float, found: Found, envelopes: list[tuple[Scope, str]]) -> None:
        if type(scope.item) is not dict:
            found.reject(place, f"expected an object; got {_kind(scope.item)}", scope.item)
        elif self._skip and all(holds(scope) for holds in self._skip):
            return
        elif self._inside is not None:
            inner = unwrapped(self._inside(scope))
            place = f"{place}.{self._again}"
            if type(inner) is dict:
                envelopes.append((scope.inside(inner, scope.index), place))
            elif type(inner) is list and inner:
                for index, one in enumerate(inner[:MAX_ITEMS]):
                    envelopes.append((scope.inside(one, index), f"{place}[{index}]"))
                if len(inner) > MAX_ITEMS:
                    found.problems.append(_too_many(place, len(inner)))
            else:
                found.reject(place, f"expected an object, or JSON text of one; got {_kind(inner)}", scope.item)
        elif self.other is not None:
            envelopes.append(
                (Scope(scope.item, scope.item, scope.headers, scope.key, scope.index, scope.outer, scope.origin), place)
            )
        else:
            self._build(scope, place, now, found)


Holds = Callable[[Scope], bool]
KINDS: dict[str, type] = {"object": dict, "list": list, "text": str}


def condition(test: Test) -> Holds:
    """Return a function from a scope to true or false; raise `UsageError` for a test without a question."""
    get = compile_path(test.path)
    words = frozenset(word.lower() for word in test.among) if test.among is not None else None
    pattern = Finder(test.matches) if test.matches is not None else None
    kind = KINDS[test.kind] if test.kind is not None else None
    if words is None and pattern is None and kind is None:
        if test.present is None:
            raise UsageError(f"condition on {test.path!r}: expected is, matches, present or kind; got none of them")
        wanted = test.present
        return lambda scope: (get(scope) is not None) == wanted

    def holds(scope: Scope) -> bool:
        value = get(scope)
        if test.present is not None and (value is not None) != test.present:
            return False
        if kind is not None and type(value) is not kind:
            return False
        word = text(value)
        if words is not None and (word is None or word.lower() not in words):
            return False
        return pattern is None or (word is not None and pattern.occurs(word[:2048]))

    return holds


def _flat(items: list[Any]) -> list[Any]:
    """Return what lists in a list hold, in their order (`scopeLogs[*].logRecords[*]`)."""
    if not any(type(item) is list for item in items):
        return items
    return [one for item in items for one in (item if type(item) is list else [item])]


def _too_many(place: str, count: int) -> Problem:
    return Problem(place=f"{place}[{MAX_ITEMS}]", reason=f"expected at most {MAX_ITEMS} items a payload; got {count}")


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value", type(None): "nothing"}
    return names.get(type(value), "a number")


def _keys(payload: dict[str, Any]) -> str:
    return (", ".join(str(key) for key in list(payload)[:12]) or "none")[:200]


def names() -> list[str]:
    """The shipped mappings, sorted."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def nothing_to_reload() -> Callable[[], None]:
    """Return what takes nothing over: for a source without a mapping."""
    return lambda: None


def load_mapping(name_or_path: str | Path, *, zone: str | None = None) -> Mapping:
    """A shipped mapping by name, or one of your own by path (ends in .yaml or .yml).

    `zone` is that of times which state none, in place of the file's own. Raises `UsageError` with the file, the place
    in it, what was expected and what came.
    """
    if zone is not None:
        zone_of(zone)
    path = _path(str(name_or_path), Path())
    mapping = _load(path, "", zone, (), [])
    mapping._read_again = lambda: _load(path, "", zone, (), [])
    return mapping


def _load(path: Path, name: str, zone: str | None, users: tuple[Path, ...], loaded: list[Path]) -> Mapping:
    """Load a mapping that `users` use, the nearest last; `loaded` are all that one mapping has led to."""
    if path in users:
        chain = " -> ".join(str(one) for one in (*users[users.index(path) :], path))
        raise UsageError(f"{path}: a mapping cannot use itself ({chain})")
    loaded.append(path)
    if len(loaded) > MAX_USED:
        # Seven files of eight lines each, every line of which uses the next file, are two million mappings.
        raise UsageError(f"{path}: expected at most {MAX_USED} uses of other mappings in all; got more")
    data = read_file(path, MAX_FILE)

    def link(other: str, under: str) -> Mapping:
        return _load(_path(other, path.parent), under, zone, (*users, path), loaded)

    try:
        file = msgspec.yaml.decode(data, type=MappingFile)
    except msgspec.DecodeError as error:
        raise UsageError(f"{path}: {error}") from error
    try:
        return Mapping(file, link, name=name, zone=zone)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def _path(name: str, folder: Path) -> Path:
    """Return the file of a mapping: a path from `folder`, or the shipped one of a name."""
    if name.endswith((".yaml", ".yml")):
        return (folder / name).expanduser().resolve()
    if name not in names():
        raise UsageError(f"mapping: expected a .yaml file or one of {', '.join(names())}; got {name!r}")
    return SHIPPED / f"{name}.yaml"


__all__ = ["MAX_RAW", "Mapping", "MappingFile", "Problem", "load_mapping", "names", "nothing_to_reload"]
