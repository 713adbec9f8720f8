"""Typed parameters: their sources, and their validation before they are used anywhere.

Labels can be written by anyone who runs a workload. A value of an alert is used only after it passed the parameter's
own type, pattern, list and range. A value that does not pass counts as absent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from msgspec import Struct

from aiops.errors import UsageError
from aiops.patterns import Expression
from aiops.ports import AlertFact
from aiops.respond.format import Parameter, Playbook
from aiops.respond.situation import Situation, severity_label
from aiops.step_kinds.forms import Scalar

# The permitted strings of a playbook without a pattern: no blanks, no quotes, nothing that a shell or a URL interprets.
DEFAULT_PATTERN = r"[A-Za-z0-9_][A-Za-z0-9_.:@/=+-]*"
_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


class Values(Struct):
    """The valid values, and the reasons for those that are absent."""

    values: dict[str, Scalar]
    missing: dict[str, str]


def resolve(
    playbook: Playbook, now: Situation, fact: AlertFact | None, given: Mapping[str, object] | None = None
) -> Values:
    """Return the values of all parameters: given by a person, else from the incident, else the default.

    `fact` is the alert that `alert.*` sources read. Nothing is raised: an absent value has its reason.
    """
    made = Values({}, {})
    for name, parameter in playbook.parameters.items():
        value, reason = _one(name, parameter, now, fact, given or {})
        if value is None:
            made.missing[name] = f"{parameter.description}: {reason}" if parameter.description else reason
        else:
            made.values[name] = value
    for name in given or {}:
        if name not in playbook.parameters:
            made.missing[name] = f"playbook {playbook.name} has no parameter {name!r}"
    return made


def check(parameter: Parameter, raw: object) -> Scalar:
    """Convert a value to the parameter's type; raise `ValueError` with the expected and the actual value.

    >>> check(Parameter(type="integer", minimum=1), "3")
    3
    """
    value = _TYPES[parameter.type](raw)
    if parameter.enum and value not in parameter.enum:
        raise ValueError(f"expected one of {', '.join(map(str, parameter.enum))}; got {_show(value)}")
    if isinstance(value, str):
        return _text(parameter, value)
    if not isinstance(value, bool):
        _range(parameter, value)
    return value


def _one(
    name: str, parameter: Parameter, now: Situation, fact: AlertFact | None, given: Mapping[str, object]
) -> tuple[Scalar | None, str]:
    reason = "no value was found"
    candidates = [("given", given[name])] if name in given else _sources(name, parameter, now, fact)
    for source, raw in candidates:
        try:
            return check(parameter, raw), ""
        except ValueError as error:
            reason = f"{source}: {error}"
    if name not in given and parameter.default is not None:
        return parameter.default, ""
    return None, reason


def _sources(name: str, parameter: Parameter, now: Situation, fact: AlertFact | None) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for source in parameter.from_:
        value = read_source(source, now, fact)
        if value:
            found.append((source, _without_kind(name, value) if source.endswith(".entity") else value))
    return found


def _without_kind(name: str, entity: str) -> str:
    """Shorten `pods/cart-1` to `cart-1` for a parameter called `pod`.

    An entity of another kind stays as it is.

    >>> _without_kind("pod", "pods/cart-1"), _without_kind("pod", "node/web-1")
    ('cart-1', 'node/web-1')
    """
    kind, slash, rest = entity.partition("/")
    return rest if slash and kind.lower() in (name.lower(), f"{name.lower()}s") else entity


def read_source(source: str, now: Situation, fact: AlertFact | None) -> str | None:
    """Return the raw text of a source such as `cause.entity` or `alert.labels.pod`; None if there is none."""
    if source.startswith("alert."):
        if fact is None:
            return None
        field = source.removeprefix("alert.")
        if field.startswith("labels."):
            return fact.labels.get(field.removeprefix("labels."))
        return {"name": fact.name, "entity": fact.entity, "service": fact.service}.get(field)
    known = {
        "cause.entity": now.cause,
        "cause.kind": now.kind,
        "cause.service": now.service,
        "incident.id": now.incident,
        "incident.severity": severity_label(now.severity),
    }
    return known.get(source)


def _text(parameter: Parameter, value: str) -> str:
    if len(value) > parameter.max_length:
        raise ValueError(f"expected at most {parameter.max_length} characters; got {len(value)}")
    pattern = parameter.pattern or DEFAULT_PATTERN
    if not parameter.enum and not _matches(pattern, value):
        raise ValueError(f"expected text like {pattern}; got {_show(value)}")
    # A command would read a value that begins with a dash as an option.
    if value.startswith("-") or not value.isprintable():
        raise ValueError(f"expected printable text that does not begin with '-'; got {_show(value)}")
    return value


def _matches(pattern: str, value: str) -> bool:
    try:
        return _expression(pattern).matches(value)
    except UsageError as error:
        raise ValueError(str(error)) from None


@lru_cache(maxsize=1_024)
def _expression(pattern: str) -> Expression:
    return Expression(pattern)


def _range(parameter: Parameter, value: float) -> None:
    low, high = parameter.minimum, parameter.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        raise ValueError(f"expected a number from {low} to {high}; got {_show(value)}")


def _string(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"expected text; got {_show(raw)}")
    return raw


def _integer(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | str) or not _is_whole(raw):
        raise ValueError(f"expected a whole number; got {_show(raw)}")
    return int(raw)


def _is_whole(raw: int | str) -> bool:
    """Return True if a number fits 18 digits, which every system that it may be sent to can hold."""
    return re.fullmatch(r"-?[0-9]{1,18}", raw) is not None if isinstance(raw, str) else abs(raw) < 10**18


def _number(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise ValueError(f"expected a number; got {_show(raw)}")
    if isinstance(raw, str) and not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", raw):
        raise ValueError(f"expected a number; got {_show(raw)}")
    try:
        value = float(raw)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number; got {_show(raw)}")
    return value


def _boolean(raw: object) -> bool:
    word = str(raw).lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(f"expected true or false; got {_show(raw)}")
    return word in _TRUE


def _show(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:
        # Python writes no whole number of more than 4,300 digits.
        text = "a number of thousands of digits"
    return text if len(text) <= 80 else text[:77] + "..."


_TYPES: dict[str, Callable[[object], Scalar]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}
