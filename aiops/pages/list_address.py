"""The address of the list: search, choices of facets, order and place are all in it, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from msgspec import Struct
from msgspec.structs import replace

from aiops.errors import UsageError
from aiops.records import LABELS
from aiops.search.conditions import AGES, FACETS, NARROW, Wanted, states_of
from aiops.search.listing import SORTS, Order, Sort
from aiops.search.syntax import STATES, Query
from aiops.web.operations import ApiError

# Values of all facets together, and characters of each.
MAX_VALUES, MAX_CHARS = 40, 300
_KNOWN: dict[str, Sequence[str]] = {"severity": LABELS, "age": tuple(AGES), "storm": ("yes", "no")}
_ORDERS = ("desc", "asc")


class Choice(Struct, frozen=True):
    """The content of a list's address; `facets` has the chosen values of each facet but the status."""

    text: str = ""
    states: tuple[str, ...] = NARROW
    facets: Mapping[str, tuple[str, ...]] = {}
    sort: Sort = "severity"
    order: str = "desc"
    before: str | None = None

    @property
    def is_plain(self) -> bool:
        """Return True if nothing narrows the list."""
        return not self.text and not self.facets and self.states == NARROW

    def wanted(self, query: Query, now: float) -> Wanted:
        """Return the selection; a status in the text of the query stands for the chosen states."""
        has_status = any(term.field == "status" for term in query.terms)
        states = () if has_status or set(self.states) == set(STATES[:6]) else self.states
        return Wanted(now=now, query=query, facets=self.facets, states=states)

    def ordered(self) -> Order:
        """Return the order of the list."""
        return Order(self.sort, self.order == "asc", is_grouped=True)

    def chosen(self, facet: str) -> tuple[str, ...]:
        """Return the chosen values of a facet."""
        return self.states if facet == "status" else tuple(self.facets.get(facet, ()))

    def toggled(self, facet: str, value: str) -> Choice:
        """Return the choice with a value of a facet chosen, or no longer chosen, on its first page."""
        before = self.chosen(facet)
        after = tuple(one for one in before if one != value) if value in before else (*before, value)
        if facet == "age":
            # Each of them holds the shorter ones.
            after = after and (value,)
        if facet == "status":
            return replace(self, states=tuple(one for one in STATES if one in after) or NARROW, before=None)
        facets = {name: values for name, values in {**self.facets, facet: after}.items() if values}
        return replace(self, facets=facets, before=None)

    def sorted_by(self, sort: Sort) -> Choice:
        """Return the choice sorted by a column; the other way round if it is already."""
        order = "asc" if self.sort == sort and self.order == "desc" else "desc"
        return replace(self, sort=sort, order=order, before=None)

    @property
    def href(self) -> str:
        """Return the path with its query; what is the default is left out."""
        found = urlencode(list(self.pairs()))
        return f"/?{found}" if found else "/"

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield the parameters."""
        if self.text:
            yield "q", self.text
        if self.states != NARROW:
            yield from (("status", state) for state in self.states)
        for facet in FACETS:
            yield from ((facet, value) for value in self.facets.get(facet, ()))
        if self.sort != "severity":
            yield "sort", self.sort
        if self.order != "desc":
            yield "order", self.order
        if self.before:
            yield "before", self.before


def choice_of(pairs: Iterable[tuple[str, str]]) -> Choice:
    """Return the choice of an address's parameters; raise `ApiError` for values that no list has."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    single = {name: (given.get(name) or [""])[-1] for name in ("q", "sort", "order", "before")}
    facets = {name: _values(name, given[name]) for name in FACETS if name != "status" and name in given}
    if sum(map(len, facets.values())) > MAX_VALUES:
        raise ApiError(400, f"expected at most {MAX_VALUES} values of facets; got more")
    return Choice(
        text=single["q"].strip(),
        states=_states(given.get("status", [])),
        facets={name: values for name, values in facets.items() if values},
        sort=_one("sort", single["sort"] or "severity", tuple(SORTS)),
        order=_one("order", single["order"] or "desc", _ORDERS),
        before=single["before"] or None,
    )


def choice_of_text(query: str) -> Choice:
    """Return the choice of an address that a form sends back; the plain one if it does not fit."""
    try:
        return choice_of(parse_qsl(query[:10_000].removeprefix("/").removeprefix("?"), max_num_fields=100))
    except (ApiError, UsageError, ValueError):
        return Choice()


def _states(words: list[str]) -> tuple[str, ...]:
    for word in words:
        _one("status", word, STATES)
    named = states_of(words)
    # "Resolved" alone means all that ended, which the page chooses as two.
    return tuple(state for state in STATES if state in named) or NARROW


def _values(facet: str, values: list[str]) -> tuple[str, ...]:
    known = _KNOWN.get(facet)
    for value in values:
        if len(value) > MAX_CHARS:
            raise ApiError(400, f"{facet}: expected at most {MAX_CHARS} characters; got {len(value):,}")
        if known is not None:
            _one(facet, value, known)
    return tuple(dict.fromkeys(values))


def _one(name: str, value: str, known: Sequence[str]) -> Any:
    if value not in known:
        raise ApiError(400, f"{name}: expected {', '.join(known)}; got {value[:40]!r}")
    return value
