"""The step kind `silence`: a silence in Alertmanager for a bounded time, which a rollback ends.

Requests and answers: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml (`postSilences`,
`getSilence`, `deleteSilence`).
"""

# msgspec copies mutable defaults for each instance, which the linter sees only on direct subclasses of Struct.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from aiops.durations import Duration, seconds
from aiops.errors import UsageError
from aiops.step_kinds.exchange import Effect, Poll, Prepared, Progress, Reply, Request, Source, Taken, at
from aiops.step_kinds.forms import Line, Part, Scalar, SystemForm
from aiops.step_kinds.kind import StepKind
from aiops.step_kinds.placeholders import fill, path
from aiops.step_kinds.systems import System
from aiops.wording import duration

# A silence outlives its run: one that is forgotten must end on the same day.
MAX_SILENCE_S = 24 * 3_600.0
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class SilenceMatcher(Part, kw_only=True):
    """A label and its value; `{{ name }}` may be the whole value of `=` and `!=`."""

    label: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$(?!\n)", description="The label.")]
    op: Annotated[Literal["=", "!=", "=~", "!~"], Meta(description="The operator, as in Alertmanager.")] = "="
    value: Annotated[Line, Meta(description="The value, or an expression without placeholder.")]


class Silence(SystemForm, kw_only=True, tag="silence"):
    """Silence alerts in Alertmanager while a playbook works on them; a rollback ends the silence."""

    matchers: Annotated[
        list[SilenceMatcher],
        Meta(min_length=1, max_length=10, description="All must hold; one of them at least with `=`."),
    ]
    duration: Annotated[Duration, Meta(description="The length of the silence, at most `1d`.")] = "30m"


class SilenceKind(StepKind[Silence]):
    """Silence alerts in Alertmanager for a bounded time."""

    kind = "silence"
    form = Silence
    system = "alertmanager"
    places = frozenset({"step"})
    examples: ClassVar = (
        {
            "kind": "silence",
            "name": "no pages meanwhile",
            "matchers": [
                {"label": "instance", "value": "{{ host }}"},
                {"label": "alertname", "op": "=~", "value": "Disk.*"},
            ],
            "duration": "1h",
        },
    )

    def prepare(self, step: Silence, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """See `StepKind.prepare`."""
        assert system is not None
        length_s = seconds(step.duration)
        if not 0 < length_s <= MAX_SILENCE_S:
            raise UsageError(f"duration: expected up to {duration(MAX_SILENCE_S)} (got {step.duration})")
        if not any(one.op == "=" for one in step.matchers):
            raise UsageError("matchers: expected one with `=`; the others alone can match every alert")
        one: dict[str, Any] = {"secret": system.secret, "statuses": [200], "system": system.name}
        found = path(system.url, "api", "v2", "silence") + "/{id}"
        body = {
            "matchers": [_matcher(matcher, values) for matcher in step.matchers],
            "startsAt": {"$taken": "begins"},
            "endsAt": {"$taken": "ends"},
            "createdBy": "aiops",
            "comment": f"by a playbook: {step.name}",
        }
        return Prepared(
            "POST",
            path(system.url, "api", "v2", "silences"),
            body=body,
            poll=Poll(Request("GET", found, **one), every_s=1.0, limit_s=15.0),
            undo=Request("DELETE", found, **one),
            taken={
                "begins": Taken("clock", "the time of the request", _TIME),
                "ends": Taken("clock", f"{duration(length_s)} after it", _TIME, after_s=length_s),
                "id": Taken("change", "the id of the silence", _UUID),
            },
            **one,
        )

    def effect(self, step: Silence) -> Effect:
        """See `StepKind.effect`; a repeated request makes a second silence."""
        return Effect(reversible=True, blast="service", idempotent=False)

    def found(self, prepared: Prepared, source: Source, replies: Sequence[Reply]) -> dict[str, Any]:
        """See `StepKind.found`."""
        return {"id": at(replies[0].json(), "silenceID")} if source == "change" and replies else {}

    def progress(self, prepared: Prepared, reply: Reply) -> Progress:
        """See `StepKind.progress`; a silence is in force once its state is `active`."""
        state = at(reply.json(), "status", "state")
        if reply.error is not None or reply.status != 200:
            return Progress("failed", reply.error or f"status {reply.status}")
        if state == "active":
            return Progress("done")
        return Progress("working" if state == "pending" else "failed", f"the silence is {str(state)[:40]}")


def _matcher(matcher: SilenceMatcher, values: Mapping[str, Scalar]) -> dict[str, Any]:
    is_regex = matcher.op in ("=~", "!~")
    if is_regex and "{{" in matcher.value:
        raise UsageError(f"matchers: expected no placeholder in an expression (got {matcher.value!r}); use =")
    value = matcher.value if is_regex else fill(matcher.value, values)
    if not isinstance(value, str) or not value:
        # An empty value would match every alert that lacks the label.
        raise UsageError(f"matchers: expected text as the value of {matcher.label!r} (got {value!r})")
    return {"name": matcher.label, "value": value, "isRegex": is_regex, "isEqual": matcher.op in ("=", "=~")}
