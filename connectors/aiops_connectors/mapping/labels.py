"""The labels of a mapping: copied objects, lists of pairs, tags, and single values."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from aiops_connectors.mapping.expressions import Getter, Scope, Spec, Tables, compile_path, compile_spec, text
from aiops_connectors.mapping.placeholders import STARTS, Placeholder

# A Prometheus series has a few dozen labels at most; more than this is a payload that grows without end.
MAX_LABELS = 64
# Label names and values take part in an alert's identity and are held for every active alert.
MAX_NAME, MAX_VALUE = 256, 1024
# Tags walked in one payload.
MAX_TAGS = 256


class Pairs(Struct, forbid_unknown_fields=True):
    """A list of objects that each hold a label's name and value.

    `[0]` and `[1]` for lists of two. A list that is held as JSON text is unwrapped.
    """

    path: str
    key: str = "key"
    value: str = "value"


class LabelSpec(Struct, forbid_unknown_fields=True):
    """Later ones win: `copy`, `pairs`, `tags`, `set`; `drop` takes away by name at the end.

    `copy` names objects whose scalars become labels; of a list, its scalars joined with commas. `tags` names lists of
    `name:value`, comma-separated texts, or lists held as JSON text; tags without a value are gathered in the label
    `tags`. Values that change while an alert lasts do not belong in labels: they would give each repetition an identity
    of its own.
    """

    copy: list[str] = []
    pairs: list[Pairs] = []
    tags: list[str] = []
    set: dict[str, Spec] = {}
    drop: list[str] = []


class Labels:
    """A compiled `LabelSpec`."""

    def __init__(self, spec: LabelSpec, tables: Tables, unfilled: Placeholder | None = None) -> None:
        self._copy = [compile_path(path) for path in spec.copy]
        self._pairs = [(compile_path(p.path), compile_path(p.key), compile_path(p.value)) for p in spec.pairs]
        self._tags = [compile_path(path) for path in spec.tags]
        self._set = [(name, compile_spec(value, tables, unfilled)) for name, value in spec.set.items()]
        self._drop = spec.drop
        self._unfilled = unfilled
        self._is_empty = not (spec.copy or spec.pairs or spec.tags or spec.set)

    def collect(self, scope: Scope) -> dict[str, str]:
        """The labels of an item: at most `MAX_LABELS`, the first by name where there are more."""
        labels: dict[str, str] = {}
        if self._is_empty:
            return labels
        for get in self._copy:
            _copy(get(scope), labels)
        for pairs, key, value in self._pairs:
            _pairs(pairs(scope), key, value, labels)
        for get in self._tags:
            _tags(get(scope), labels)
        for name, get in self._set:
            _put(labels, name, get(scope))
        for name in self._drop:
            labels.pop(name, None)
        if self._unfilled is not None:
            _drop_unfilled(labels, self._unfilled)
        if len(labels) > MAX_LABELS:
            return {name: labels[name] for name in sorted(labels)[:MAX_LABELS]}
        return labels


def _drop_unfilled(labels: dict[str, str], unfilled: Placeholder) -> None:
    """Take away placeholders: they are no values, and may be filled in the next message."""
    if unfilled.is_common:
        wrong = [name for name, value in labels.items() if value[0] in STARTS and unfilled.occurs(value)]
    else:
        wrong = [name for name, value in labels.items() if unfilled.occurs(value)]
    for name in wrong:
        del labels[name]


def _put(labels: dict[str, str], name: str, value: Any) -> None:
    worded = text(value)
    if worded is not None:
        labels[name[:MAX_NAME]] = worded[:MAX_VALUE]


def _copy(source: Any, labels: dict[str, str]) -> None:
    if type(source) is not dict:
        return
    for name, value in source.items():
        if type(value) is str and len(value) <= MAX_VALUE and len(name) <= MAX_NAME and value.isascii() and name:
            if value:
                labels[name] = value
        elif (worded := text(name)) is not None:
            _put(labels, worded, _listed(value) if type(value) is list else value)


def _listed(values: list[Any]) -> str:
    return ",".join(worded for value in values[:MAX_TAGS] if (worded := text(value)) is not None)


def _pairs(source: Any, key: Getter, value: Getter, labels: dict[str, str]) -> None:
    if isinstance(source, str):
        source = _unwrapped(source)
    if type(source) is not list:
        return
    for element in source[:MAX_TAGS]:
        scope = Scope(element, element, {}, None)
        name = text(key(scope))
        if name is not None:
            _put(labels, name, value(scope))


def _unwrapped(source: str) -> Any:
    try:
        return msgspec.json.decode(source)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def _tags(source: Any, labels: dict[str, str]) -> None:
    if isinstance(source, str):
        source = _unwrapped(source) if source.lstrip()[:1] in "[{" else source.split(",", MAX_TAGS)
    if type(source) is not list:
        return
    bare: list[str] = []
    for element in source[:MAX_TAGS]:
        tag = text(element)
        name, colon, value = (tag or "").partition(":")
        if colon and name.strip() and value.strip():
            _put(labels, name.strip(), value)
        elif tag is not None:
            bare.append(tag)
    if bare:
        _put(labels, "tags", ",".join(sorted(set(bare))))
