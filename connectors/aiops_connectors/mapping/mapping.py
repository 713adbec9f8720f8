"""Mappings: declarative YAML files, one a tool, that turn the tool's payload into records.

A mapping is a list of rules; the first whose `when` holds applies. It names the items and, by paths (see
`aiops_connectors.mapping.expressions`), each field. Shipped ones are in `aiops_connectors/mappings`; a user's own is
loaded by its path. Valid items of a payload are kept if others are invalid.
"""

from __future__ import annotations

from collections.abc import Mapping as Headers
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from aiops.errors import UsageError
from aiops.patterns import Finder
from aiops.records import Alert, Change, Metric
from aiops.records.lenient import NotJsonError, read
from aiops_connectors.mapping.builders import MAX_RAW, Fields, Found, Problem, builder
from aiops_connectors.mapping.expressions import Scope, Tables, compile_path, text
from aiops_connectors.mapping.states import TABLES

SHIPPED = Path(__file__).parent.parent / "mappings"
# One payload may not hold the engine for long; Alertmanager and Prometheus send tens, cloud event grids hundreds.
MAX_ITEMS = 10_000
# An envelope in an envelope in an envelope: an alarm in SNS in SQS has three.
MAX_DEPTH = 4
MAX_FILE = 1 << 20

_NAME = r"^[a-z][a-z0-9_]{0,63}$"


class Test(Struct, forbid_unknown_fields=True, rename={"among": "is"}):
    """A condition on `path`: `is` one of, `matches` a regular expression, or `present` (true or false)."""

    path: str
    among: list[str] | None = None
    matches: str | None = None
    present: bool | None = None


class Rule(Fields, forbid_unknown_fields=True, kw_only=True):
    """One shape of payload. `items` names its list, if any; `missing` the number that the sender left out.

    `again` applies the whole mapping to the inner part: an object, or JSON held as text; there, `@outer.` starts at the
    envelope. `ignore` reads nothing from the payload and is no error; `reject` is one, with its reason.
    """

    when: list[Test] = field(default_factory=list)
    missing: str | None = None
    again: str | None = None
    items: str | None = None
    skip: list[Test] = field(default_factory=list)
    record: Literal["alert", "metric", "change"] = "alert"
    ignore: str | None = None
    reject: str | None = None


class MappingFile(Struct, forbid_unknown_fields=True, rename="camel"):
    """The file format. `placeholder` matches values that the tool was to replace and did not."""

    api_version: Literal["aiops/v1"]
    kind: Literal["Mapping"]
    name: Annotated[str, Meta(pattern=_NAME)]
    summary: str
    rules: Annotated[list[Rule], Meta(min_length=1)]
    documentation: str | None = None
    placeholder: str | None = None
    tables: dict[str, dict[str, str]] = {}


class Mapping:
    """A compiled mapping; it holds no state and may be used from many threads.

    Cost: about 10 microseconds an item (`benchmarks/throughput/http.py`).
    """

    def __init__(self, file: MappingFile) -> None:
        self.name = file.name
        self.summary = file.summary
        self.documentation = file.documentation
        tables = {**TABLES, **file.tables}
        placeholder = Finder(file.placeholder) if file.placeholder else None
        self._rules = [_Shape(rule, file.name, tables, placeholder) for rule in file.rules]

    def apply(
        self, payload: Any, headers: Headers[str, str], key: str | None, now: float
    ) -> tuple[list[Alert | Metric | Change], list[Problem]]:
        """Return the valid records of a payload, and the place and reason of each invalid item.

        `payload` is decoded JSON, `headers` have lower-case names, `key` is a message key, `now` the receipt time. A
        record's `id` is empty if the payload has none. Never raises for a payload's content.
        """
        found = Found()
        if type(payload) is list:
            for index, element in enumerate(payload[:MAX_ITEMS]):
                self._one(Scope(element, element, headers, key, index), f"$[{index}]", now, found)
            if len(payload) > MAX_ITEMS:
                found.problems.append(_too_many("$", len(payload)))
        else:
            self._one(Scope(payload, payload, headers, key), "$", now, found)
        return found.records, found.problems

    def _one(self, scope: Scope, place: str, now: float, found: Found, depth: int = 0) -> None:
        if type(scope.root) is not dict or depth > MAX_DEPTH:
            found.reject(place, f"expected an object; got {_kind(scope.root)}", scope.root)
            return
        for rule in self._rules:
            if rule.fits(scope):
                for inner, at in rule.apply(scope, place, now, found):
                    self._one(inner, at, now, found, depth + 1)
                return
        found.reject(place, f"no form of payload that {self.name} sends: its keys are {_keys(scope.root)}", scope.root)


class _Shape:
    """A compiled rule."""

    def __init__(self, rule: Rule, source: str, tables: Tables, placeholder: Finder | None) -> None:
        self._when = [_condition(test) for test in rule.when]
        self._skip = [_condition(test) for test in rule.skip]
        self._again = rule.again
        self._inside = compile_path(rule.again) if rule.again is not None else None
        self._items = rule.items
        self._get_items = compile_path(rule.items) if rule.items is not None else None
        self._missing = compile_path(rule.missing) if rule.missing is not None else None
        self._ignore, self._reject = rule.ignore, rule.reject
        self._build = builder(rule.record, rule, source, tables, placeholder)

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
        elif self._ignore is None and self._get_items is None:
            self._item(scope, place, now, found, envelopes)
        elif self._ignore is None and self._get_items is not None:
            items, place = self._get_items(scope), f"{place}.{self._items}"
            if type(items) is not list:
                found.reject(place, f"expected a list; got {_kind(items)}", scope.root)
                return []
            for index, item in enumerate(items[:MAX_ITEMS]):
                inner = Scope(item, scope.root, scope.headers, scope.key, index, scope.outer)
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
            inner = _unwrapped(self._inside(scope))
            place = f"{place}.{self._again}"
            if type(inner) is dict:
                envelopes.append((Scope(inner, inner, scope.headers, scope.key, scope.index, scope.item), place))
            else:
                found.reject(place, f"expected an object, or JSON text of one; got {_kind(inner)}", scope.item)
        else:
            self._build(scope, place, now, found)


def _condition(test: Test) -> Any:
    get = compile_path(test.path)
    words = frozenset(word.lower() for word in test.among) if test.among is not None else None
    pattern = Finder(test.matches) if test.matches is not None else None
    if words is None and pattern is None:
        if test.present is None:
            raise UsageError(f"condition on {test.path!r}: expected is, matches or present; got none of them")
        wanted = test.present
        return lambda scope: (get(scope) is not None) == wanted

    def holds(scope: Scope) -> bool:
        value = get(scope)
        if test.present is not None and (value is not None) != test.present:
            return False
        word = text(value)
        if words is not None and (word is None or word.lower() not in words):
            return False
        return pattern is None or (word is not None and pattern.occurs(word[:2048]))

    return holds


def _unwrapped(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        # A lone surrogate in the text cannot be encoded; the lenient reader replaces it.
        pass
    try:
        return read(value).value
    except NotJsonError:
        return value


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


def load_mapping(name_or_path: str | Path) -> Mapping:
    """A shipped mapping by name, or one of your own by path (ends in .yaml or .yml).

    Raises `UsageError` with the file, the place in it, what was expected and what came.
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        if str(name_or_path) not in names():
            raise UsageError(
                f"mapping: expected a .yaml file or one of {', '.join(names())}; got {str(name_or_path)!r}"
            )
        path = SHIPPED / f"{name_or_path}.yaml"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE:
        raise UsageError(f"{path}: expected a mapping of at most {MAX_FILE} bytes; got {len(data)}")
    try:
        return Mapping(msgspec.yaml.decode(data, type=MappingFile))
    except msgspec.DecodeError as error:
        raise UsageError(f"{path}: {error}") from error
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


__all__ = ["MAX_RAW", "Mapping", "MappingFile", "Problem", "load_mapping", "names"]
