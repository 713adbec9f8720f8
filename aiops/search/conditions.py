"""A query and the chosen facets as conditions of SQL; every text of a person is a bound value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field

from aiops.records import LABELS
from aiops.search.syntax import STATES, Query, Term, Value, age_of
from aiops.search.words import ALERT, ENTITY, LABEL, SERVICE, SOURCE, TEAM, WORD, camel, folded, runs

# Resolved incidents stay on the first page that long.
RECENT_S = 3_600.0
# Words of a phrase that are looked up; the phrase itself is compared as a whole.
MAX_RUNS = 8
NARROW = ("open", "acknowledged", "snoozed", "recent")
KINDS = {"service": SERVICE, "source": SOURCE, "team": TEAM, "entity": ENTITY, "alert": ALERT, "label": LABEL}
_MEANING: dict[str, tuple[str, ...]] = {"active": ("open", "acknowledged", "snoozed"), "all": STATES[:6],
                                        "resolved": ("recent", "resolved")}  # fmt: skip
_LAST = "\U0010ffff"
STATE = (
    "case when l.status = 'merged' then 'merged'"
    " when l.status = 'resolved' then case when l.resolved_at >= :recent then 'recent' else 'resolved' end"
    " when l.snoozed_until > :now then 'snoozed' else l.status end"
)
RANK = (
    "case when l.status = 'merged' then 0"
    " when l.status = 'resolved' then case when l.resolved_at >= :recent then 2 else 1 end"
    " when l.snoozed_until > :now then 3 when l.status = 'acknowledged' or l.owner is not null then 4 else 5 end"
)


class Wanted(Struct, kw_only=True):
    """A selection of incidents at the time `now`.

    It has a query, chosen values of facets, and the bounds of the API.
    `states` are those of the page, `statuses` those of the engine; empty for all.
    """

    now: float
    query: Query = field(default_factory=Query)
    facets: Mapping[str, tuple[str, ...]] = {}
    states: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    min_severity: int = 0
    since: float | None = None


class Bound(Struct):
    """Values of a statement by the names that stand for them."""

    values: dict[str, object] = field(default_factory=dict)

    def name(self, value: object) -> str:
        """Return the name that stands for a value."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def names(self, values: Iterable[object]) -> str:
        """Return a list of names in brackets."""
        return f"({', '.join(self.name(value) for value in values)})"


def states_of(words: Iterable[str]) -> tuple[str, ...]:
    """Return the states that the words of a query mean.

    >>> states_of(["active"])
    ('open', 'acknowledged', 'snoozed')
    """
    return tuple(dict.fromkeys(state for word in words for state in _MEANING.get(word, (word,))))


def base(wanted: Wanted, bound: Bound) -> str:
    """Return the condition for everything but the facets."""
    parts = [_term(term, bound) for term in wanted.query.terms]
    if wanted.statuses:
        parts.append(f"l.status in {bound.names(wanted.statuses)}")
    if wanted.min_severity:
        parts.append(f"l.severity >= {bound.name(wanted.min_severity)}")
    if wanted.since is not None:
        parts.append(f"l.last_alert_at >= {bound.name(wanted.since)}")
    if is_narrow(wanted):
        # Two small indexes in place of all that was ever resolved.
        parts.append("(l.status in ('open', 'acknowledged') or l.resolved_at >= :recent)")
    return " and ".join(parts) or "1"


def is_narrow(wanted: Wanted) -> bool:
    """Return True if only incidents are wanted that are open, or ended within the last hour."""
    named = wanted.states + tuple(
        state
        for term in wanted.query.terms
        if term.field == "status" and not term.is_negated
        for state in states_of(value.text for value in term.values)
    )
    return bool(named) and set(named) <= set(NARROW)


def misses(wanted: Wanted, bound: Bound) -> dict[str, str]:
    """Return, by facet, an expression that is 1 where an incident has none of the chosen values."""
    found = {
        name: f"not coalesce({_FACETS[name](values, bound)}, 0)" for name, values in wanted.facets.items() if values
    }
    if wanted.states:
        found["status"] = f"({STATE}) not in {bound.names(wanted.states)}"
    return found


def _term(term: Term, bound: Bound) -> str:
    parts = [_value(term.field, value, bound) for value in term.values]
    whole = f"({' or '.join(parts)})"
    return f"not coalesce({whole}, 0)" if term.is_negated else whole


def _value(name: str, value: Value, bound: Bound) -> str:
    if name in KINDS:
        return _of_kind(KINDS[name], value, bound)
    return _FIELDS[name](value, bound)


def _of_kind(kind: int, value: Value, bound: Bound) -> str:
    word = folded(value.text)
    is_prefix = value.is_prefix
    if kind == LABEL and "=" not in word and not is_prefix:
        word, is_prefix = f"{word}=", True
    return _indexed(kind, word, is_prefix, bound)


def _indexed(kind: int, word: str, is_prefix: bool, bound: Bound) -> str:
    start = bound.name(word)
    compared = f"word >= {start} and word < {bound.name(word + _LAST)}" if is_prefix else f"word = {start}"
    return f"l.number in (select number from incident_terms where kind = {kind} and {compared})"  # noqa: S608


def _text(value: Value, bound: Bound) -> str:
    """Words are found by their beginning; a text with quotes or separators must also stand there."""
    line, found = folded(value.text), runs(value.text)
    if value.is_quoted or found != [value.text]:
        last = len(found) - 1
        parts = [_indexed(WORD, run.casefold(), at == last, bound) for at, run in enumerate(found[:MAX_RUNS])]
        text = f"(select text from incident_texts t where t.number = l.number), {bound.name(line)}"  # noqa: S608
        return " and ".join([*parts, f"instr({text})"])
    words = camel(value.text)
    whole = _indexed(WORD, line, True, bound)
    if len(words) < 2:
        return whole
    split_up = [_indexed(WORD, word, at == len(words) - 1, bound) for at, word in enumerate(words)]
    return f"({whole} or {' and '.join(split_up)})"


def _severity(value: Value, bound: Bound) -> str:
    return f"l.severity = {bound.name(LABELS.index(value.text))}"


def _status(value: Value, bound: Bound) -> str:
    return f"({STATE}) in {bound.names(states_of([value.text]))}"


def _owner(value: Value, bound: Bound) -> str:
    if value.text == "none" and not value.is_quoted:
        return "l.owner is null"
    if value.is_prefix:
        return f"instr(lower(l.owner), {bound.name(value.text.lower())}) = 1"
    return f"lower(l.owner) = {bound.name(value.text.lower())}"


def _id(value: Value, bound: Bound) -> str:
    if value.is_prefix:
        return f"substr(l.id, 1, {bound.name(len(value.text))}) = {bound.name(value.text)}"
    return f"l.id = {bound.name(value.text)}"


def _age(value: Value, bound: Bound) -> str:
    age = age_of(value)
    return f"l.opened_at {'>' if age.is_below else '<='} :now - {bound.name(age.seconds)}"


def _storm(value: Value, bound: Bound) -> str:
    return f"l.is_storm = {bound.name(int(value.text == 'yes'))}"


_FIELDS: dict[str, Callable[[Value, Bound], str]] = {
    "": _text,
    "severity": _severity,
    "status": _status,
    "owner": _owner,
    "id": _id,
    "age": _age,
    "storm": _storm,
}


def _listed(kind: int) -> Callable[[tuple[str, ...], Bound], str]:
    def condition(values: tuple[str, ...], bound: Bound) -> str:
        return " or ".join(_indexed(kind, folded(value), False, bound) for value in values)

    return lambda values, bound: f"({condition(values, bound)})"


# The facet `owner` has a value for nobody.
NOBODY = ""
AGES = {"15m": 900.0, "1h": 3_600.0, "1d": 86_400.0}
_FACETS: dict[str, Callable[[tuple[str, ...], Bound], str]] = {
    "severity": lambda values, bound: f"l.severity in {bound.names(LABELS.index(v) for v in values if v in LABELS)}",
    "service": _listed(SERVICE),
    "source": _listed(SOURCE),
    "team": _listed(TEAM),
    "owner": lambda values, bound: f"coalesce(l.owner, '') in {bound.names(values)}",
    "age": lambda values, bound: f"(l.opened_at > :now - {bound.name(max(AGES.get(value, 0.0) for value in values))})",
    "storm": lambda values, bound: f"l.is_storm in {bound.names(int(value == 'yes') for value in values)}",
}
FACETS = ("status", *_FACETS)
