"""Findings in an answer: what it is evidence for, where the playbook names what to look for.

A finding is one sentence, and supports one entity with a weight that is never negative.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from aiops.collect.tables import Row, cell_text, scalar_text
from aiops.patterns import Expression
from aiops.respond.collector_checks import COLUMN
from aiops.respond.collectors import CAUSE, ROW, FindingRule
from aiops.step_kinds.forms import Scalar
from aiops.step_kinds.placeholders import PLACEHOLDER

# Characters of a sentence, and of a value in it; findings of one collector.
MAX_SENTENCE, MAX_VALUE, MAX_HITS = 300, 80, 5
_PLACE = re.compile(f"{COLUMN.pattern}|{PLACEHOLDER.pattern}")
_NUMERIC: dict[str, Callable[[float, float], bool]] = {
    ">": lambda found, bound: found > bound,
    ">=": lambda found, bound: found >= bound,
    "<": lambda found, bound: found < bound,
    "<=": lambda found, bound: found <= bound,
}


class Hit(Struct, frozen=True):
    """One thing that was looked for and found: the entity it supports, its sentence and its weight."""

    entity: str
    sentence: str
    weight: str


def hits_of(rules: Sequence[FindingRule], rows: Sequence[Row], values: Mapping[str, Scalar], cause: str) -> list[Hit]:
    """Return what the rows show, at most `MAX_HITS`; `cause` is the first suspect, empty without one.

    A rule whose entity is no text of the answer, or has no value, supports nothing. Rows that name different entities
    are a finding each.
    """
    return [one for one in _hits(rules, rows, values, cause) if one.entity][:MAX_HITS]


def unplaced(rules: Sequence[FindingRule], rows: Sequence[Row], values: Mapping[str, Scalar], cause: str) -> list[str]:
    """Return the sentences of what was found and supports no entity, at most `MAX_HITS`.

    That is the case before there is a suspect, and where the answer or a parameter does not name one.
    """
    return [one.sentence for one in _hits(rules, rows, values, cause) if not one.entity][:MAX_HITS]


def _hits(rules: Sequence[FindingRule], rows: Sequence[Row], values: Mapping[str, Scalar], cause: str) -> list[Hit]:
    found: list[Hit] = []
    for rule in rules:
        fitting = [row for row in rows if fits(rule, row)]
        if len(fitting) < rule.at_least:
            continue
        named: dict[str, Row] = {}
        for row in fitting:
            named.setdefault(_entity(rule.supports, row, values, cause), row)
        found += [Hit(entity, sentence_of(rule, row, values), rule.weight) for entity, row in named.items()]
    return list(dict.fromkeys(found))


def fits(rule: FindingRule, row: Row) -> bool:
    """Return True if a row fits: one value of the cell does; for `!=` and `!~`, every one."""
    cell = row.get(rule.field, [])
    if rule.op in ("!=", "!~"):
        opposite = "=" if rule.op == "!=" else "=~"
        return bool(cell) and not any(_fits(opposite, rule.value, one) for one in cell)
    return any(_fits(rule.op, rule.value, one) for one in cell)


def sentence_of(rule: FindingRule, row: Row, values: Mapping[str, Scalar]) -> str:
    """Return the sentence of a finding; values of an answer are one line each and cut."""

    def value(place: re.Match[str]) -> str:
        column, parameter = place.groups()
        if column is not None:
            return _cut(cell_text(row.get(column, [])))
        return _cut(scalar_text(values.get(parameter, "?")))

    # In one pass: a value of an answer that looks like a placeholder is text.
    text = _PLACE.sub(value, rule.sentence)
    return text if len(text) <= MAX_SENTENCE else text[: MAX_SENTENCE - 1] + "…"


def _fits(op: str, wanted: Scalar, found: Scalar) -> bool:
    if op == "=~":
        return Expression(str(wanted)).matches(scalar_text(found))
    number, bound = _number(found), _number(wanted)
    if op == "=":
        return scalar_text(found) == scalar_text(wanted) or (number is not None and number == bound)
    return number is not None and bound is not None and _NUMERIC[op](number, bound)


def _number(value: Scalar) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _entity(supports: str, row: Row, values: Mapping[str, Scalar], cause: str) -> str:
    if supports == CAUSE:
        return cause
    if supports.startswith(ROW):
        cell = row.get(supports.removeprefix(ROW), [])
        return str(cell[0]) if len(cell) == 1 and isinstance(cell[0], str) else ""
    value = values.get(supports, "")
    return value if isinstance(value, str) else ""


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"
