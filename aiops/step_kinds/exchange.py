"""All that one step may send, as plain data.

A plan shows it, an approval covers it, and the audit trail keeps it.

What only the answer of a system can give (the id of a job, the version of an object) is a hole in a request. A hole has
a name and a description, and the value must match the kind's pattern before it is used.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from aiops.errors import AiopsError

Source = Literal["read", "change", "clock"]
Blast = Literal["none", "one", "service", "site"]
# The key of a hole in a body. A mapping, which no value of an alert can be: these are scalars.
HOLE = "$taken"


class StepRefused(AiopsError):
    """Raised by a kind that will not make a change, with the reason; nothing was changed."""


class Request(Struct, omit_defaults=True):
    """An HTTP request, ready to send.

    `aiops:KIND` is the URL of a step that the daemon carries out itself. `secret` names the key that signs or
    authorises it, never its value. `system` names the system of the configuration that it is for. `statuses` are those
    of a good answer.
    """

    method: str
    url: str
    headers: dict[str, str] = {}
    body: Any = None
    secret: str | None = None
    timeout_s: float = 30.0
    statuses: list[int] = []
    system: str | None = None


class Taken(Struct, omit_defaults=True):
    """A value that is taken from the answer to a read before the change, or to the change itself.

    `clock` is the time of the change plus `after_s` seconds, as RFC 3339 in UTC.

    `what` names it for people. `pattern` (RE2) must match the whole value. Without a pattern it may be any JSON of a
    body: it is then written to the trail as a digest, and no URL and no rollback can use it.
    """

    source: Source
    what: str
    pattern: str = ""
    after_s: float = 0.0


class Poll(Struct, omit_defaults=True):
    """The request after a change that reads its progress, every `every_s` seconds for `limit_s` at most."""

    request: Request
    every_s: float = 5.0
    limit_s: float = 600.0


class Prepared(Request, omit_defaults=True, kw_only=True):
    """A change, and all that belongs to it. The fields of `Request` are those of the change itself.

    `reads` (GET or HEAD) are sent just before, in order, then the `dry_run`, which changes nothing, then the change.
    `poll` reads whether it worked. `undo` is what a rollback sends if the change was sent. `taken` has the holes by
    name: `{name}` in a URL, the mapping `{"$taken": "name"}` in a body. `facts` are what the kind reads answers with.
    `attempts` is the number of times that the change may be sent.
    """

    reads: list[Request] = []
    dry_run: Request | None = None
    poll: Poll | None = None
    undo: Request | None = None
    taken: dict[str, Taken] = {}
    facts: dict[str, str | int | float | bool] = {}
    attempts: int = 1


class Observed(Struct, omit_defaults=True):
    """The object of a change as the reads before it show it; a plan has it, and an approval covers it.

    `summary` describes the change with it, such as `rolls back deployment shop/api from revision 7 to 6`. `subject` is
    the object with its identity. `pins` are the facts on which the change is decided, by a name in words: it is not
    made once one of them differs. `managed` names what would undo the change, such as `Argo CD application shop`; empty
    for nothing.
    """

    summary: str = ""
    subject: str = ""
    pins: dict[str, str | int | float | bool] = {}
    managed: str = ""


class Effect(Struct, frozen=True):
    """The effect of a step, from the table of its kind and never from a playbook.

    `reversible`: it can be undone, or changes nothing that lasts. `blast`: how much it can touch if it goes wrong;
    `none` changes nothing outside, `one` one object (a pod, a node), `service` all of a service, `site` more, or
    unknown. `idempotent`: sending it twice has the effect of once.
    """

    reversible: bool
    blast: Blast
    idempotent: bool


class Reply(Struct):
    """The answer: a status, or an `error` if there was none; not `sent`: no byte left this host.

    `excerpt` is the redacted beginning of the body, for the trail. `body` is never written anywhere. `cut` is why the
    body did not arrive whole: `body` is then empty, since half of an answer proves nothing but its status.
    """

    status: int = 0
    excerpt: str = ""
    error: str | None = None
    sent: bool = True
    body: bytes = b""
    cut: str = ""

    def json(self) -> Any:
        """Return the body as JSON; None if it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
            return None


class Progress(Struct, frozen=True):
    """The state of a change, with the reason in words."""

    state: Literal["working", "done", "failed"]
    why: str = ""


def at(value: Any, *path: str | int) -> Any:
    """Return what stands at a place of a JSON value; None if there is nothing.

    >>> at({"items": [{"id": 7}]}, "items", 0, "id"), at({"items": []}, "items", 0, "id")
    (7, None)
    """
    for key in path:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            return None
    return value
