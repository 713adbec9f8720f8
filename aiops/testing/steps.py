"""The conformance kit of step kinds: `check_step_kind(kind)` for a class of the group `aiops.steps`.

It prepares the kind's own examples, with plain and with hostile values of their parameters. A value may be a whole
scalar of a body, a whole query value or a whole segment of a path, and changes nothing else; a kind that needs it
elsewhere refuses what does not fit. The kind must read answers of every sort, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from aiops.errors import AiopsError, UsageError
from aiops.step_kinds.exchange import Effect, Observed, Prepared, Progress, Reply, Request
from aiops.step_kinds.forms import Form, Scalar
from aiops.step_kinds.kind import PLACES, StepKind
from aiops.step_kinds.observing import bounded
from aiops.step_kinds.placeholders import placeholders
from aiops.step_kinds.systems import System
from aiops.step_kinds.taking import faults

PLAIN = "web-1"
HOSTILE: tuple[Scalar, ...] = (
    *("", ".", "..", "a/b", "../../etc/passwd", "a?b=c&d=e", "a#b", "a%2Fb", "a\r\nx-evil: 1", "{id}", "{{ host }}"),
    *('{"$taken": "id"}', "'; rm -rf / #", '"', "\\", "a=b,c!=d", "*", "all", "x" * 300, "-1", "1e9", "\u202egnp"),
    *(-1, 10**17, True, 0.5),
)
BODIES = (b"", b"null", b"[]", b"{}", b"7", b'"x"', b"[" * 2_000, b"\xff\xfe", b'{"status": {"conditions": [null, 7]}}')
STATUSES = (0, 100, 200, 201, 202, 204, 301, 400, 401, 403, 404, 409, 422, 429, 500, 503)


def check_step_kind(kind: StepKind[Any]) -> None:
    """Check forms, purity, places of values, effects, requests and the reading of answers."""
    assert kind.examples, f"{kind.kind}: expected `examples`, steps as they are written in a playbook"
    assert kind.places <= set(PLACES), f"{kind.kind}: unknown places {sorted(kind.places - set(PLACES))}"
    steps = [_read(kind, dict(raw)) for raw in kind.examples]
    effects = [_checked_effect(kind, step) for step in steps]
    if kind.places - {"step", "rollback"}:
        assert any(one.blast == "none" for one in effects), f"{kind.kind}: no example changes nothing, as checks must"
    for step, effect in zip(steps, effects, strict=True):
        prepared = _prepare(kind, step, values_of(kind, step))
        _check_prepared(kind, prepared, effect)
        _check_values(kind, step, prepared)
        _check_answers(kind, prepared)


def values_of(kind: StepKind[Any], step: Form) -> dict[str, Scalar]:
    """Return plain values for the parameters of an example."""
    return {name: kind.example_values.get(name, PLAIN) for name in placeholders(step)}


def system_for(kind: StepKind[Any], name: str = "prod") -> System | None:
    """Return a system of the kind that a kind of step needs; None if it needs none."""
    if kind.system is None:
        return None
    options = msgspec.convert(dict(kind.example_options), kind.Options)
    return System(name, kind.system, f"https://{name}.example/base", "its-token", None, options)


def _read(kind: StepKind[Any], raw: dict[str, Any]) -> Form:
    step: Form = msgspec.convert(raw, kind.form)
    assert step.__struct_config__.tag == kind.kind, f"{kind.kind}: expected this as the tag of its form"
    assert msgspec.convert(msgspec.to_builtins(step), kind.form) == step, f"{kind.kind}: a form changes when written"
    for wrong in ({"surprise": 1}, {"kind": "other"}, {"name": ""}, {"name": 7}):
        try:
            msgspec.convert({**raw, **wrong}, kind.form)
        except msgspec.ValidationError:
            continue
        raise AssertionError(f"{kind.kind}: its form accepts {wrong}")
    return step


def _checked_effect(kind: StepKind[Any], step: Form) -> Effect:
    effect = kind.effect(step)
    other = msgspec.structs.replace(step, name="harmless, reversible, changes nothing")
    assert kind.effect(other) == effect, f"{kind.kind}: its effect depends on the words of the playbook"
    assert effect.blast != "none" or effect.reversible, f"{kind.kind}: what changes nothing is reversible"
    return effect


def _prepare(kind: StepKind[Any], step: Form, values: Mapping[str, Scalar]) -> Prepared:
    system, given = system_for(kind), dict(values)
    first = kind.prepare(step, given, system)
    assert given == values, f"{kind.kind}: prepare changes the values that it is given"
    assert kind.prepare(step, values, system) == first, f"{kind.kind}: prepare is no function of what it is given"
    again = msgspec.json.decode(msgspec.json.encode(first), type=Prepared)
    assert again == first, f"{kind.kind}: what it prepares is no plain data: the trail would hold something else"
    return first


def _check_prepared(kind: StepKind[Any], prepared: Prepared, effect: Effect) -> None:
    found = list(faults(prepared, kind.poll_method))
    assert not found, f"{kind.kind}: {found[0]}"
    assert prepared.reads or not kind.observes, f"{kind.kind}: it observes, and an example of it reads nothing"
    system = system_for(kind)
    for part, request in requests_of(prepared):
        place = f"{kind.kind}: {part}"
        assert request.statuses, f"{place}: expected the status codes of a good answer"
        if system is None or request.url == f"aiops:{kind.kind}":
            continue
        assert request.url.startswith(system.url + "/"), f"{place}: expected a URL below the system's; {request.url}"
        assert request.system == system.name, f"{place}: expected system={system.name!r}, for its certificates"
        assert request.secret == system.secret, f"{place}: expected the system's secret; got {request.secret!r}"
    reads = prepared.method in ("GET", "HEAD") or prepared.url.startswith("aiops:")
    assert effect.blast != "none" or reads, f"{kind.kind}: {prepared.method} may change something, its effect is none"
    assert effect.idempotent or prepared.attempts == 1, f"{kind.kind}: it is not idempotent, and sent again"
    if prepared.dry_run is not None:
        same = (prepared.dry_run.method, prepared.dry_run.url, prepared.dry_run.body)
        assert same != (prepared.method, prepared.url, prepared.body), f"{kind.kind}: its dry run is the change itself"


def requests_of(prepared: Prepared) -> Iterator[tuple[str, Request]]:
    """Yield all requests of a prepared step, each with its part."""
    yield "change", prepared
    yield from ((f"read {number}", one) for number, one in enumerate(prepared.reads))
    others = {"dry run": prepared.dry_run, "undo": prepared.undo}
    others["poll"] = prepared.poll.request if prepared.poll is not None else None
    yield from ((part, one) for part, one in others.items() if one is not None)


def _check_values(kind: StepKind[Any], step: Form, plain: Prepared) -> None:
    for name, value in values_of(kind, step).items():
        for hostile in HOSTILE:
            try:
                made = _prepare(kind, step, {**values_of(kind, step), name: hostile})
            except UsageError:
                continue
            place = f"{kind.kind}: {name} = {hostile!r}"
            assert [part for part, _ in requests_of(made)] == [part for part, _ in requests_of(plain)], place
            for (part, one), (_, other) in zip(requests_of(plain), requests_of(made), strict=True):
                _check_places(f"{place}: {part}", one, other, _Pair(value, hostile))
            assert made.taken == plain.taken, f"{place}: it changes what is taken from answers"


class _Pair:
    """A plain value, and the hostile one in its place."""

    def __init__(self, plain: Scalar, hostile: Scalar) -> None:
        self._plain, self._hostile = plain, hostile

    def is_kept(self, before: Any, after: Any) -> bool:
        """Return True if nothing but whole values differs between two JSON values."""
        if isinstance(before, dict) and isinstance(after, dict):
            return before.keys() == after.keys() and all(self.is_kept(before[key], after[key]) for key in before)
        if isinstance(before, list) and isinstance(after, list):
            return len(before) == len(after) and all(map(self.is_kept, before, after))
        # Some systems take every parameter as text.
        pairs = ((self._plain, self._hostile), (_text(self._plain), _text(self._hostile)))
        return bool(before == after or (before, after) in pairs)

    def is_kept_text(self, before: str, after: str) -> bool:
        """Return True if two texts of a URL are equal, or are the two values."""
        return before == after or (before == _text(self._plain) and after == _text(self._hostile))


def _check_places(place: str, plain: Request, hostile: Request, pair: _Pair) -> None:
    assert (plain.method, plain.headers, plain.statuses) == (hostile.method, hostile.headers, hostile.statuses), place
    before, after = urlsplit(plain.url), urlsplit(hostile.url)
    assert (before.scheme, before.netloc, before.fragment) == (after.scheme, after.netloc, after.fragment), place
    segments = [[unquote(one) for one in parts.path.split("/")] for parts in (before, after)]
    assert len(segments[0]) == len(segments[1]), f"{place}: it is not one segment: {hostile.url}"
    assert all(map(pair.is_kept_text, *segments)), f"{place}: it is a part of a segment: {hostile.url}"
    queries = [[text for one in parse_qsl(parts.query, True) for text in one] for parts in (before, after)]
    assert len(queries[0]) == len(queries[1]), f"{place}: it adds to the query: {hostile.url}"
    assert all(map(pair.is_kept_text, *queries)), f"{place}: it is a part of a query value: {hostile.url}"
    assert pair.is_kept(plain.body, hostile.body), f"{place}: it is no whole scalar of the body: {hostile.body}"


def _text(value: Scalar) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _check_answers(kind: StepKind[Any], prepared: Prepared) -> None:
    replies = [Reply(status, body=body) for status in STATUSES for body in BODIES] + [Reply(error="no answer")]
    for reply in replies:
        progress = kind.progress(prepared, reply)
        assert isinstance(progress, Progress), f"{kind.kind}: progress({reply}) is {progress!r}"
        # A deleted object answers 404 to the poll for its end; a kind that means it declares it.
        meant = prepared.poll is not None and reply.status in prepared.poll.request.statuses
        wrong = reply.error is not None or (reply.status >= 400 and not meant) or reply.status == 0
        assert progress.state != "done" or not wrong, f"{kind.kind}: it counts {reply} as done"
        for source in ("read", "change"):
            try:
                found = kind.found(prepared, source, [reply] * max(1, len(prepared.reads)))
            except AiopsError:
                continue
            assert set(found) <= set(prepared.taken), f"{kind.kind}: it takes {sorted(found)}, which it never declared"
        _check_observed(kind, prepared, reply)


def _check_observed(kind: StepKind[Any], prepared: Prepared, reply: Reply) -> None:
    """Check that what the reads show is bounded, a function of them, and nothing without an answer."""
    replies = [reply] * len(prepared.reads)
    try:
        seen = bounded(kind.observed(prepared, replies))
        again = kind.observed(prepared, replies)
    except AiopsError:
        return
    assert seen == again, f"{kind.kind}: what it observes is no function of the answers"
    assert kind.observes or seen == Observed(), f"{kind.kind}: expected `observes`, as `observed` shows something"
    assert not (seen.pins and reply.error), f"{kind.kind}: it observes {seen.pins} where there was no answer"
