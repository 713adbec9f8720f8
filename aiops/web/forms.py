"""Forms of our own pages, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request

from aiops.http.body import Budget, read_body
from aiops.http.site_address import from_own_page
from aiops.web import formtokens
from aiops.web.operations import ApiError
from aiops.web.sessions import SessionGuard

# Our forms have a few short fields.
MAX_FORM_BYTES, MAX_FIELDS, FORM_TIMEOUT_S = 16 << 10, 12, 10.0
# The bound on all forms that are being read at once.
MAX_HELD_BYTES = 4 << 20
_OUT_OF_DATE = (
    "expected a form of a page that was loaded by this browser in this session; got one without its token: load the "
    "page again, with cookies allowed, then repeat the form"
)

Body = TypeVar("Body", bound=msgspec.Struct)


class Forms:
    """Reads forms that we gave this browser in its session, and refuses all others."""

    def __init__(self, session_guard: SessionGuard) -> None:
        self._session_guard = session_guard
        self._budget = Budget(MAX_HELD_BYTES)

    async def read(self, request: Request) -> dict[str, str]:
        """Return the fields of a form, each once; raise `ApiError` or `BodyError` for a refused form."""
        foreign = self._session_guard.guard.check_origin(request.headers)
        if foreign is not None:
            raise ApiError(foreign.status, foreign.reason)
        if not from_own_page(request.headers):
            raise ApiError(403, "expected a form of this site's own pages: the browser did not name its origin")
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise ApiError(415, "expected a form")
        fields = await self._fields(request)
        given = request.headers.get(formtokens.HEADER) or fields.pop(formtokens.FIELD, "")
        if not self._session_guard.is_own_form(request, given):
            raise ApiError(403, _OUT_OF_DATE)
        return fields

    async def _fields(self, request: Request) -> dict[str, str]:
        body = await read_body(
            request.receive, request.headers, most=MAX_FORM_BYTES, timeout_s=FORM_TIMEOUT_S, budget=self._budget
        )
        self._budget.give(len(body))
        try:
            found = parse_qs(body.decode(), max_num_fields=MAX_FIELDS)
        except ValueError as error:
            raise ApiError(400, f"form: {error}") from None
        return {name: values[0] for name, values in found.items()}


def body_of(fields: Mapping[str, Any], kind: type[Body]) -> Body:
    """Convert a form's fields to the body of the API; an empty field counts as left out."""
    given = {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
    try:
        return msgspec.convert({name: value for name, value in given.items() if value != ""}, kind)
    except msgspec.ValidationError as error:
        raise ApiError(400, f"form: {error}") from None
