"""Workloads: what stays of the name of a replica when pods, replicas and ordinals change.

`payments-api-7d9f8c6b5d-x2x4z` is `payments-api`, `db-0` is `db`. The rules are data (`workloads.toml`), which a
configuration extends or switches off. They match with RE2, in linear time. Cost: .1 µs for a known name, 8 to 20 µs
for a new one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct, field

from aiops.errors import UsageError
from aiops.patterns import Captures, Choice, Expression

# A longer name is left as it is. Kubernetes and DNS allow 253 characters.
MAX_NAME: Final = 253
# Names whose workload is cached, about 2 MB; then the cache starts again. A site has fewer that alert in an hour.
MAX_CACHED: Final = 8_192
# Rules of a site beside the packaged ones; more belong into labels of the alerts.
MAX_RULES: Final = 200

RuleName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$(?!\n)")]
Pattern = Annotated[str, Meta(min_length=1)]


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One naming rule.

    `pattern` matches whole names, and the text of its groups, joined, is kept. `unless` matches names that it leaves
    as they are. `examples` are names with their workloads; they are checked when the rules are loaded.
    """

    name: RuleName
    pattern: Pattern
    unless: str = ""
    why: str = ""
    examples: dict[str, str] = field(default_factory=dict)


class WorkloadsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Naming rules of the site, which come before the packaged ones, and names of rules to switch off."""

    rules: list[Rule] = field(default_factory=list)
    disable: list[str] = field(default_factory=list)


class Step(NamedTuple):
    """One application of a rule: its name, and what it kept."""

    rule: str
    kept: str


class Workloads:
    """The rules of a configuration, and a bounded cache of their results.

    Raise `UsageError` for rules that cannot be used.
    """

    def __init__(self, config: WorkloadsConfig | None = None) -> None:
        self.rules: Final = rules_of(config or WorkloadsConfig())
        self._compiled = _compile(tuple((rule.name, rule.pattern, rule.unless) for rule in self.rules))
        self._cached: dict[str, str] = {}
        for index, rule in enumerate(config.rules if config is not None else ()):
            self._check(rule, f"workloads.rules[{index}] ({rule.name})")

    def of(self, entity: str, service: str | None = None) -> str:
        """Return the workload of an entity: its service where the alert names one, else what the rules keep.

        >>> Workloads().of("pod/payments-api-7d9f8c6b5d-x2x4z"), Workloads().of("db-0", "orders")
        ('payments-api', 'orders')
        """
        if service:
            return service
        known = self._cached.get(entity)
        return known if known is not None else self._found(entity)

    def _found(self, entity: str) -> str:
        """Find the workload of a name that is not cached; two pods share all steps but the first."""
        passed, name = [entity], entity
        step = self._step(name)
        while step is not None:
            name = step.kept
            known = self._cached.get(name)
            if known is not None:
                name = known
                break
            passed.append(name)
            step = self._step(name)
        if len(self._cached) + len(passed) > MAX_CACHED:
            self._cached.clear()
        if len(entity) <= MAX_NAME:
            self._cached.update(dict.fromkeys(passed, name))
        return name

    def _step(self, name: str) -> Step | None:
        """Apply a rule that makes the name shorter, which has an end; None if there is none."""
        step = self._compiled.step(name) if len(name) <= MAX_NAME else None
        return step if step is not None and len(step.kept) < len(name) else None

    def steps(self, entity: str) -> list[Step]:
        """Return the rules that are applied to a name, in order, each with what it keeps.

        The last one keeps the whole name where a rule protects it.
        """
        found: list[Step] = []
        name: str = entity
        while len(name) <= MAX_NAME and (step := self._compiled.step(name)) is not None:
            if len(step.kept) > len(name):
                break
            found.append(step)
            if step.kept == name:
                break
            name = step.kept
        return found

    def _check(self, rule: Rule, place: str) -> None:
        for name, expected in rule.examples.items():
            found = self.of(name)
            if found != expected:
                applied = ", ".join(step.rule for step in self.steps(name)) or "none"
                text = f"{place}.examples: {name!r} becomes {found!r} (rules applied: {applied}, expected {expected!r})"
                raise UsageError(f"{text}; correct the pattern or the example")


class _Compiled:
    """Rules in their order: one automaton finds those that match, an expression each what is kept."""

    def __init__(self, rules: Sequence[tuple[str, str, str]]) -> None:
        self.names = [name for name, _, _ in rules]
        self._keep = [Captures(pattern) for _, pattern, _ in rules]
        self._unless = [Expression(unless) if unless else None for _, _, unless in rules]
        self._choice = Choice([pattern for _, pattern, _ in rules])

    def step(self, name: str) -> Step | None:
        """Apply the first rule that matches a name and keeps some of it."""
        for index in self._choice.matching(name):
            unless = self._unless[index]
            if unless is not None and unless.matches(name):
                continue
            kept = self._keep[index].joined(name)
            if kept.strip():
                return Step(self.names[index], kept)
        return None


# Engines of one configuration share what is compiled: it takes some milliseconds, and never changes.
@lru_cache(maxsize=8)
def _compile(rules: tuple[tuple[str, str, str], ...]) -> _Compiled:
    return _Compiled(rules)


@cache
def packaged_rules() -> tuple[Rule, ...]:
    """Return the rules that ship, in the order in which they are tried."""
    raw = files(__package__).joinpath("workloads.toml").read_text(encoding="utf-8")
    return tuple(msgspec.convert(tomllib.loads(raw)["rules"], list[Rule]))


def rules_of(config: WorkloadsConfig) -> list[Rule]:
    """Return the rules of a configuration in order; raise `UsageError` for what cannot be used."""
    packaged = packaged_rules()
    known = [rule.name for rule in packaged]
    if len(config.rules) > MAX_RULES:
        raise UsageError(f"workloads.rules: {len(config.rules)} rules; at most {MAX_RULES} are allowed")
    for index, name in enumerate(config.disable):
        if name not in known:
            raise UsageError(f"workloads.disable[{index}]: unknown rule {name!r}; use {', '.join(known)}")
    seen: set[str] = set(known)
    for index, rule in enumerate(config.rules):
        _usable(rule, seen, f"workloads.rules[{index}]")
        seen.add(rule.name)
    return [*config.rules, *(rule for rule in packaged if rule.name not in config.disable)]


def _usable(rule: Rule, seen: Iterable[str], place: str) -> None:
    if rule.name in seen:
        raise UsageError(f"{place}.name: {rule.name!r} is the name of another rule; use a unique one")
    found: Any = _compiled(rule.pattern, f"{place}.pattern", Captures)
    if not found.count:
        raise UsageError(f"{place}.pattern: no group (got {rule.pattern!r}); put the part to keep in parentheses")
    if rule.unless:
        _compiled(rule.unless, f"{place}.unless", Expression)


def _compiled(pattern: str, place: str, kind: type[Captures] | type[Expression]) -> Captures | Expression:
    try:
        return kind(pattern)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None
