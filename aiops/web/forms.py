"""Forms of our own pages, read and checked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request

from aiops.http.body import Budget, read_body
from aiops.http.multipart import Parts
from aiops.http.site_address import from_own_page
from aiops.web import formtokens
from aiops.web.operations import ApiError
from aiops.web.sessions import SessionGuard

# Our forms have a few short fields.
MAX_FORM_BYTES, MAX_FIELDS, FORM_TIMEOUT_S = 32 << 10, 24, 10.0
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
        return single(await self.read_all(request, MAX_FIELDS))

    async def read_all(self, request: Request, most: int) -> dict[str, list[str]]:
        """Return the fields of a form with all values of each, at most `most` in all; raise as `read` does."""
        self._refuse_foreign(request)
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise ApiError(415, "expected a form")
        fields = await self._fields(request, most)
        given = request.headers.get(formtokens.HEADER) or fields.pop(formtokens.FIELD, [""])[0]
        self._refuse_strange(request, given)
        return fields

    async def read_file(self, request: Request) -> tuple[str, AsyncIterator[bytes]]:
        """Return the name of a form's file, and its content as it comes; the token's field stands before it.

        Raise `ApiError` or `BodyError` for a refused form, with nothing of the file taken.
        """
        self._refuse_foreign(request)
        parts, given = Parts(request.headers.get("content-type", ""), request.stream()), ""
        try:
            async with asyncio.timeout(FORM_TIMEOUT_S):
                while (part := await parts.next()) is not None:
                    name, filename = part
                    if filename is not None:
                        break
                    text = await parts.text(MAX_FORM_BYTES)
                    given = text if name == formtokens.FIELD else given
        except TimeoutError:
            raise ApiError(408, f"expected the form's fields within {FORM_TIMEOUT_S:g} s") from None
        self._refuse_strange(request, given)
        if part is None or not part[1]:
            raise ApiError(400, "expected a file: choose one first")
        return part[1], parts.content()

    def _refuse_strange(self, request: Request, given: str) -> None:
        if not self._session_guard.is_own_form(request, given):
            raise ApiError(403, _OUT_OF_DATE)

    def _refuse_foreign(self, request: Request) -> None:
        foreign = self._session_guard.guard.check_origin(request.headers)
        if foreign is not None:
            raise ApiError(foreign.status, foreign.reason)
        if not from_own_page(request.headers):
            raise ApiError(403, "expected a form of this site's own pages: the browser did not name its origin")

    async def _fields(self, request: Request, most: int) -> dict[str, list[str]]:
        body = await read_body(
            request.receive, request.headers, most=MAX_FORM_BYTES, timeout_s=FORM_TIMEOUT_S, budget=self._budget
        )
        self._budget.give(len(body))
        try:
            return parse_qs(body.decode(), max_num_fields=most)
        except ValueError as error:
            raise ApiError(400, f"form: {error}") from None


def single(fields: Mapping[str, list[str]], but: str = "") -> dict[str, str]:
    """Return the fields of a form, each once; of `but`, which may come more often, the first is taken."""
    for name, values in fields.items():
        if len(values) > 1 and name != but:
            raise ApiError(400, f"form: expected {name[:80]} once; got it {len(values)} times")
    return {name: values[0] for name, values in fields.items()}


def body_of(fields: Mapping[str, Any], kind: type[Body]) -> Body:
    """Convert a form's fields to the body of the API; an empty field counts as left out."""
    given = {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
    try:
        return msgspec.convert({name: value for name, value in given.items() if value != ""}, kind)
    except msgspec.ValidationError as error:
        raise ApiError(400, f"form: {error}") from None
