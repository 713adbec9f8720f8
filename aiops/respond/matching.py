"""Playbook conditions, compiled once to closures, with an explained answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from aiops.patterns import Expression
from aiops.records.severity import LEVELS
from aiops.respond.format import CauseMatch, Matcher, Playbook
from aiops.respond.required_texts import inner, required
from aiops.respond.situation import Seen, Situation, same_kind, severity_label
from aiops.wording import plural

Test = Callable[[Seen], bool]
# (position of the alert, result of `hit`), in order of position.
Hits = Sequence[tuple[int, int]]
CONFIDENCES = ("low", "medium", "high")
# A condition on a message or label sees this many characters of it; the subject stands at the beginning.
MAX_VALUE = 600
# Labels that depend on the alert's name alone; results of conditions on them are cached by name.
BY_NAME = frozenset({"name", "alertname", "words"})
# Labels that two alerts of one name, message and source share; the results of such conditions are equal for both.
BY_TEXT = BY_NAME | {"text", "message", "source"}
# The results of `hit` for one alert.
ALERT, ANY_ALERT = 1, 2


class Fit(Struct, gc=False):
    """The result of a match: fit or not, the reason, and the positions of the alerts behind it."""

    ok: bool
    reason: str
    facts: tuple[int, ...] = ()


class Compiled(Struct):
    """A playbook with its conditions as closures.

    `by_name` decides from a name alone if an alert can fit a group with a condition on the name. The other groups can
    fit only if one of the `triggers` is in the alert's text; None means that there is no such test. `by_text` is true
    if all conditions on one alert depend on its name, message and source; results can then be cached.
    """

    playbook: Playbook
    alert: Test | None
    any_alert: list[Test]
    no_alert: list[Test]
    by_name: Test
    by_text: bool
    triggers: tuple[str, ...] | None
    kinds: frozenset[str]
    min_severity: int


def compile_match(playbook: Playbook) -> Compiled:
    """Compile a playbook's conditions; raise `UsageError` for an invalid expression."""
    match = playbook.match
    groups = match.any_alert or ([match.alert] if match.alert else [])
    severity = match.incident.min_severity
    return Compiled(
        playbook,
        _all(match.alert) if match.alert else None,
        [_all(group) for group in match.any_alert],
        [_all(group) for group in match.no_alert],
        _any([_all(named) for group in groups if (named := [one for one in group if one.label in BY_NAME])]),
        all(matcher.label in BY_TEXT for group in [match.alert, *match.any_alert] for matcher in group),
        _triggers(groups),
        frozenset(same_kind(kind) for kind in match.cause.kind),
        int(LEVELS[severity]) if severity else 0,
    )


def _triggers(groups: Sequence[Sequence[Matcher]]) -> tuple[str, ...] | None:
    """Return texts of which one is in every alert that fits a group without a condition on the name."""
    found: list[str] = []
    for group in groups:
        if any(matcher.label in BY_NAME for matcher in group):
            continue
        required_sets = [required(matcher.value) for matcher in group if matcher.label == "text" and matcher.op == "=~"]
        texts = next((texts for texts in required_sets if texts), None)
        if texts is None:
            return None
        found.extend(texts)
    return tuple(dict.fromkeys(found))


def fit(compiled: Compiled, now: Situation, hits: Hits | None = None, *, strict: bool = False) -> Fit:
    """Match a playbook with a situation. `strict` (for runs) refuses if a condition cannot be decided.

    `hits` saves the work if the caller knows already which alerts hit.
    """
    match = compiled.playbook.match
    refused = _context(compiled, now, strict)
    if refused:
        return Fit(False, refused)
    if hits is None:
        hits = [(index, hit(compiled, one)) for index, one in enumerate(now.seen)]
    facts = _facts(compiled, hits) or _changed(compiled, now)
    if not facts:
        return Fit(
            False, "no alert of the incident fits its matchers" if _has_matchers(compiled) else "it has no matchers"
        )
    for test in compiled.no_alert:
        for seen in now.seen:
            if test(seen):
                return Fit(False, f"alert {seen.fact.name} on {seen.fact.entity} excludes it")
    targets = {now.seen[index].fact.entity for index in facts}
    limit = match.incident.max_targets
    if limit is not None and len(targets) > limit:
        return Fit(
            False, f"{plural(len(targets), 'entity is', 'entities are')} affected, it is meant for at most {limit}"
        )
    return Fit(
        True,
        f"{plural(len(facts), 'alert')} on {plural(len(targets), 'entity', 'entities')} "
        f"{'fits' if len(facts) == 1 else 'fit'}",
        facts,
    )


def context(compiled: Compiled, now: Situation) -> str | None:
    """Explain why the conditions on incident and cause refuse; None if they hold."""
    return _context(compiled, now, strict=False)


def _has_matchers(compiled: Compiled) -> bool:
    return compiled.alert is not None or bool(compiled.any_alert) or bool(compiled.playbook.match.change)


def hit(compiled: Compiled, seen: Seen) -> int:
    """Return the parts of a match that one alert satisfies: `ALERT`, `ANY_ALERT`, both or 0."""
    mask = ALERT if compiled.alert is not None and compiled.alert(seen) else 0
    for test in compiled.any_alert:
        if test(seen):
            return mask | ANY_ALERT
    return mask


def _facts(compiled: Compiled, hits: Hits) -> tuple[int, ...]:
    """Return the alerts that hit, if together they satisfy both parts of the match."""
    wanted = (ALERT if compiled.alert is not None else 0) | (ANY_ALERT if compiled.any_alert else 0)
    got = 0
    for _, mask in hits:
        got |= mask
    if not wanted or got & wanted != wanted:
        return ()
    return tuple(index for index, mask in hits if mask)


def change_age(compiled: Compiled, now: Situation) -> float | None:
    """Return the seconds from the youngest matching change to the first alert; None if there is none."""
    wanted = compiled.playbook.match.change
    return next((age for name, age in now.changes if any(name.startswith(word) for word in wanted)), None)


def _changed(compiled: Compiled, now: Situation) -> tuple[int, ...]:
    """Return the alerts on a suspected cause with a matching change, else the first alert."""
    if not now.seen or change_age(compiled, now) is None:
        return ()
    return tuple(index for index, one in enumerate(now.seen) if now.is_on_cause(one.fact)) or (0,)


def _context(compiled: Compiled, now: Situation, strict: bool) -> str | None:
    if now.severity < compiled.min_severity:
        wanted = severity_label(compiled.min_severity)
        return f"severity is {severity_label(now.severity)}, it is meant for {wanted} and above"
    return _cause(compiled, compiled.playbook.match.cause, now, strict)


def _cause(compiled: Compiled, wanted: CauseMatch, now: Situation, strict: bool) -> str | None:
    if compiled.kinds and now.kind not in compiled.kinds and (strict or now.kind is not None):
        return (
            f"the suspected cause is a {now.kind or 'thing of unknown kind'}, it is meant for {', '.join(wanted.kind)}"
        )
    if wanted.class_ and not now.classes.intersection(wanted.class_) and (strict or now.classes):
        found = ", ".join(sorted(now.classes)) or "nothing"
        return f"the alerts on the suspected cause are about {found}, it is meant for {', '.join(wanted.class_)}"
    if wanted.min_confidence is not None:
        level = CONFIDENCES.index(now.confidence) if now.confidence in CONFIDENCES else -1
        if level < CONFIDENCES.index(wanted.min_confidence):
            got = now.confidence or "no"
            return f"confidence in the cause is {got}, it requires {wanted.min_confidence}"
    return None


def _all(matchers: Sequence[Matcher]) -> Test:
    tests = [_test(matcher) for matcher in matchers]
    if len(tests) == 1:
        return tests[0]
    return lambda seen: all(test(seen) for test in tests)


def _any(tests: Sequence[Test]) -> Test:
    return lambda seen: any(test(seen) for test in tests)


def _test(matcher: Matcher) -> Test:
    value, read = matcher.value, _reader(matcher.label)
    if matcher.op == "=":
        return lambda seen: read(seen) == value
    if matcher.op == "!=":
        return lambda seen: read(seen) != value
    matches = _matches(value)
    if matcher.op == "=~":
        return lambda seen: matches(read(seen)[:MAX_VALUE])
    return lambda seen: not matches(read(seen)[:MAX_VALUE])


def _matches(pattern: str) -> Callable[[str], bool]:
    """Compile a test of the whole text in the cheapest way that gives the same answer."""
    whole, texts, body = Expression(pattern), required(pattern), inner(pattern)
    matches = whole.matches if body is None else Expression(body).occurs
    if texts:
        return lambda text: any(map(text.__contains__, texts)) and matches(text)
    return matches


def _reader(label: str) -> Callable[[Seen], str]:
    known = _READERS.get(label)
    return known if known is not None else lambda seen: seen.fact.labels.get(label, "")


_READERS: dict[str, Callable[[Seen], str]] = {
    "name": lambda seen: seen.fact.name,
    "alertname": lambda seen: seen.fact.name,
    "entity": lambda seen: seen.fact.entity,
    "service": lambda seen: seen.fact.service or "",
    "severity": lambda seen: severity_label(seen.fact.severity),
    "source": lambda seen: seen.fact.source or "",
    "message": lambda seen: seen.fact.message or "",
    "words": lambda seen: seen.words,
    "text": lambda seen: seen.text,
}
