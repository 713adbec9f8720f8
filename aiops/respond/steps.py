"""The kinds of step a playbook may have, as strict Structs of the `aiops/v1` format.

A `manual` step is shown to a person and never executed. A guarded run can send only `http` and `webhook` steps. Other
systems (Ansible, Rundeck, a Kubernetes job) are reached through their webhooks.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from aiops.durations import Duration

Line = Annotated[str, Meta(min_length=1, max_length=300)]
# A command block of more than 2,000 characters is a script, and belongs in version control rather than in a playbook.
Command = Annotated[str, Meta(min_length=1, max_length=2000)]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s{}?#]+$(?!\n)", max_length=500)]
Scalar = str | int | float | bool
HttpStatus = Annotated[int, Meta(ge=100, le=599)]


def _key(name: str) -> str:
    """Return the YAML key of a field: camelCase, without the underscore that avoids a keyword."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.title() for word in rest)


class Part(Struct, forbid_unknown_fields=True, omit_defaults=True, rename=_key, kw_only=True):
    """A part of a playbook: unknown fields are errors, keys are camelCase."""


class Manual(Part, kw_only=True, tag="manual", tag_field="kind"):
    """A step for a person. `run` is a command to copy, `expect` explains the answer, `note` warns."""

    name: Line
    run: Command | None = None
    expect: Annotated[str, Meta(max_length=600)] | None = None
    note: Annotated[str, Meta(max_length=600)] | None = None


class Expect(Part, kw_only=True):
    """The status codes of a good answer."""

    status: Annotated[list[HttpStatus], Meta(min_length=1, max_length=20)] = field(
        default_factory=lambda: [200, 201, 202, 204]
    )


class Http(Part, kw_only=True, tag="http", tag_field="kind"):
    """One HTTP request.

    `{{ name }}` may be a whole path segment, a whole query value or a whole scalar of `body`.

    The host takes no placeholder: no value of an alert can choose the host that is called.
    """

    name: Line
    url: Url
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: Annotated[list[Line], Meta(max_length=10)] = []
    query: dict[str, Scalar] = {}
    headers: dict[str, Line] = {}
    body: Any = None
    secret: Annotated[str, Meta(pattern=r"^[a-z0-9_.-]{1,64}$(?!\n)")] | None = None
    expect: Expect = field(default_factory=Expect)
    timeout: Duration = "30s"
    attempts: Annotated[int, Meta(ge=1, le=5)] = 1
    idempotent: bool = False


class Webhook(Part, kw_only=True, tag="webhook", tag_field="kind"):
    """A signed POST of a JSON body; `secret` names the key that the daemon's configuration holds."""

    name: Line
    url: Url
    body: Any = None
    secret: Annotated[str, Meta(pattern=r"^[a-z0-9_.-]{1,64}$(?!\n)")] | None = None
    expect: Expect = field(default_factory=Expect)
    timeout: Duration = "30s"
    attempts: Annotated[int, Meta(ge=1, le=5)] = 1
    idempotent: bool = False


class AlertResolved(Part, kw_only=True, tag="alert-resolved", tag_field="kind"):
    """A check that the condition cleared within a time and stayed clear.

    A command that ended well is no success.
    """

    within: Duration = "10m"
    stable_for: Duration = "5m"


Step = Manual | Http | Webhook
Check = Manual | Http | AlertResolved
Executable = Http | Webhook
