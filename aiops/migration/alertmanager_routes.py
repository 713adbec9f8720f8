"""Routes, time intervals and inhibition of Alertmanager in the words of `aiops.toml`.

Source: https://prometheus.io/docs/alerting/latest/configuration/#route
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiops.errors import UsageError
from aiops.matchers import Matcher, read_matchers
from aiops.migration.alertmanager_durations import duration_s
from aiops.migration.translation import Translation
from aiops.records.severity import find_severity

# Alertmanager's own defaults of the first route.
DEFAULTS = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
TIMES = {"group_wait": "settle_s", "group_interval": "update_every_s", "repeat_interval": "repeat_interval_s"}
INTERVALS = ("mute_time_intervals", "active_time_intervals")
ROUTE_KEYS = frozenset(
    ("receiver", "group_by", "continue", "match", "match_re", "matchers", "routes", *TIMES, *INTERVALS)
)
# What the first route may have.
FIRST_KEYS = frozenset(("receiver", "group_by", "routes", *TIMES))
SPAN_KEYS = ("times", "weekdays", "days_of_month", "months", "years", "location")
# A tree that a person can follow; the daemon's own bound.
MAX_DEPTH = 16
SEVERITY = "severity"


def route_of(made: Translation, root: Any, receivers: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the first route with all below it."""
    if not isinstance(root, Mapping):
        raise UsageError("$.route: expected the first route; got none")
    if "receiver" not in root:
        raise UsageError("$.route.receiver: expected the receiver of what no other route takes; got none")
    for key in ("continue", "match", "match_re", "matchers", *INTERVALS):
        if root.get(key):
            made.note(f"$.route.{key}", "the first route takes every alert at any time; not translated")
    root = {key: value for key, value in root.items() if key in FIRST_KEYS or key not in ROUTE_KEYS}
    # Each alert is notified in Alertmanager, whatever its severity.
    return {**_route(made, {**DEFAULTS, **root}, receivers, "$.route", 0), "min_severity": "ok"}


def _route(
    made: Translation, given: Mapping[str, Any], receivers: Mapping[str, list[str]], place: str, depth: int
) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise UsageError(f"{place}: expected at most {MAX_DEPTH} levels of routes")
    _note_unknown(made, given, ROUTE_KEYS, place)
    found: dict[str, Any] = {}
    matchers = list(_matchers(made, given, ("match", "match_re", "matchers"), place))
    if matchers:
        found["matchers"] = matchers
    if "receiver" in given:
        found["endpoints"] = _endpoints(given["receiver"], receivers, place)
    if given.get("group_by"):
        made.note(f"{place}.group_by", "alerts are grouped by correlation; not translated")
    if given.get("continue"):
        found["continue"] = True
    for key, ours in TIMES.items():
        if key in given:
            found[ours] = duration_s(given[key], f"{place}.{key}")
    found |= {key: list(given[key]) for key in INTERVALS if given.get(key)}
    routes = [
        _route(made, child, receivers, f"{place}.routes[{number}]", depth + 1)
        for number, child in enumerate(given.get("routes") or [])
    ]
    return {**found, "routes": routes} if routes else found


def _endpoints(name: Any, receivers: Mapping[str, list[str]], place: str) -> list[str]:
    if name not in receivers:
        known = ", ".join(receivers) or "there is none"
        raise UsageError(f"{place}.receiver: unknown receiver (got {str(name)[:80]!r}; use {known})")
    return receivers[name]


def _matchers(made: Translation, given: Mapping[str, Any], keys: Sequence[str], place: str) -> Iterator[str]:
    """Yield the matchers of a route or of one side of an inhibition rule, in each of their forms."""
    plain, patterns, texts = keys
    for key, op in ((plain, "="), (patterns, "=~")):
        for label, value in (given.get(key) or {}).items():
            yield _checked(made, Matcher(str(label), op, str(value)), f"{place}.{key}.{label}")
    listed = given.get(texts) or []
    for number, text in enumerate(listed if isinstance(listed, list) else [listed]):
        at = f"{place}.{texts}[{number}]"
        try:
            found = read_matchers(str(text))
        except UsageError as error:
            raise UsageError(f"{at}: {error}") from None
        for one in found:
            yield _checked(made, one, at)


def _checked(made: Translation, matcher: Matcher, place: str) -> str:
    """Return a matcher as text; a severity that the engine does not know is noted."""
    if matcher.label == SEVERITY and matcher.op in ("=", "!=") and find_severity(matcher.value) is None:
        made.note(place, f"{matcher}: the word is no level of the engine; check what this route takes")
    return str(matcher)


def intervals_of(made: Translation, given: Any, place: str) -> list[dict[str, Any]]:
    """Return named time intervals."""
    found = []
    for number, interval in enumerate(given or []):
        at = f"{place}[{number}]"
        if not isinstance(interval, Mapping) or not interval.get("name"):
            raise UsageError(f"{at}.name: expected the name of the time interval; got none")
        spans = [
            _span(made, span, f"{at}.time_intervals[{place_}]")
            for place_, span in enumerate(interval.get("time_intervals") or [])
        ]
        found.append({"name": str(interval["name"]), "time_intervals": spans})
    return found


def _span(made: Translation, given: Any, place: str) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise UsageError(f"{place}: expected times, weekdays, days_of_month, months, years or location")
    _note_unknown(made, given, frozenset(SPAN_KEYS), place)
    found = {key: given[key] for key in SPAN_KEYS if given.get(key)}
    if found.get("location") == "Local":
        del found["location"]
        made.note(f"{place}.location", "Local: name the time zone, such as Europe/Berlin; UTC until then")
    return found


def inhibit_rules_of(made: Translation, given: Any) -> list[dict[str, Any]]:
    """Return the rules of inhibition."""
    found = []
    known = frozenset(
        (
            "name",
            "equal",
            *(f"{side}_{form}" for side in ("source", "target") for form in ("match", "match_re", "matchers")),
        )
    )
    for number, rule in enumerate(given or []):
        place = f"$.inhibit_rules[{number}]"
        if not isinstance(rule, Mapping):
            raise UsageError(f"{place}: expected a rule; got {str(rule)[:80]!r}")
        _note_unknown(made, rule, known, place)
        sides = {
            f"{side}_matchers": list(
                _matchers(made, rule, [f"{side}_{form}" for form in ("match", "match_re", "matchers")], place)
            )
            for side in ("source", "target")
        }
        named = {"name": str(rule["name"])} if rule.get("name") else {}
        found.append({**named, **sides, **({"equal": list(rule["equal"])} if rule.get("equal") else {})})
    return found


def _note_unknown(made: Translation, given: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    for key in given:
        if key not in known:
            made.note(f"{place}.{key}", "has no equal; not translated")
