"""Replay and compare over the API: start, show, cancel and remove a replay; upload an archive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from msgspec import Meta, Struct, field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from aiops.errors import UsageError
from aiops.http.auth import Refusal
from aiops.http.body import BodyError
from aiops.views.replay import Archive, Compared, Job, ReplayBusy, TooLarge
from aiops.web import bodies
from aiops.web.host import Host, Replays
from aiops.web.operations import ApiError, Call, Operation, error_response, json_response
from aiops.web.sessions import SessionGuard

ARCHIVES = "/api/v1/replay-archives"
# A slow connection brings 64 MB in this time at 1 Mbit/s.
UPLOAD_TIMEOUT_S = 600.0
_TYPES = ("application/x-ndjson", "application/jsonl", "application/gzip", "application/octet-stream")
Moment = Annotated[float, Meta(ge=0, lt=4_102_444_800)]


class NewReplay(Struct, forbid_unknown_fields=True):
    """A replay under changed settings, by key: `{"correlate.sensitivity": "0.9"}`.

    It reads an uploaded `archive`, else the daemon's journal: the last `last_s` seconds, or `since` to `until`.
    """

    changes: Annotated[dict[str, str], Meta(max_length=20)] = field(default_factory=dict)
    archive: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    last_s: Annotated[float, Meta(gt=0, le=10 * 366 * 86_400)] | None = None
    since: Moment | None = None
    until: Moment | None = None


class ReplayList(Struct):
    """The replays that are kept, newest first, and the archives that can be replayed.

    `keys` can be changed; they have their present values.
    """

    replays: list[Job]
    archives: list[Archive]
    max_upload_bytes: int
    keys: dict[str, str]


class ReplayDetail(Struct):
    """A replay; `result` is there once it is done."""

    replay: Job
    result: Compared | None = None


class Cancelled(Struct):
    """The result of a cancellation: `cancelled` is false if the replay had ended."""

    cancelled: bool


class Removed(Struct):
    """A replay was removed with its result."""

    id: str


class Uploaded(Struct):
    """The archive that was uploaded."""

    archive: Archive


def start_replay(call: Call) -> Job:
    """Start a replay."""
    wanted: NewReplay = call.body
    replays, since = _replays(call.host), wanted.since
    if wanted.last_s is not None:
        if wanted.since is not None or wanted.until is not None or wanted.archive is not None:
            raise ApiError(400, "replay: expected one of last_s, since and until, or archive; got several")
        since = call.clock() - wanted.last_s
    try:
        return replays.submit(
            call.actor or "local", wanted.changes, archive=wanted.archive, since=since, until=wanted.until
        )
    except UsageError as error:
        raise ApiError(409 if isinstance(error, ReplayBusy) else 400, str(error)) from None


def list_replays(call: Call) -> ReplayList:
    """List the replays that are kept."""
    replays = _replays(call.host)
    uploads = replays.uploads
    return ReplayList(list(replays.listed()), list(uploads.listed()), uploads.max_bytes, dict(replays.keys()))


def show_replay(call: Call) -> ReplayDetail:
    """Return a replay with its result."""
    try:
        return ReplayDetail(*_replays(call.host).get(call.params["id"]))
    except KeyError:
        raise _unknown(call) from None


def cancel_replay(call: Call) -> Cancelled:
    """End a replay that runs."""
    try:
        return Cancelled(_replays(call.host).cancel(call.params["id"]))
    except KeyError:
        raise _unknown(call) from None


def remove_replay(call: Call) -> Removed:
    """Remove a replay with its result; one that runs is ended."""
    try:
        _replays(call.host).remove(call.params["id"])
    except KeyError:
        raise _unknown(call) from None
    return Removed(call.params["id"])


def _unknown(call: Call) -> ApiError:
    return ApiError(404, f"replay: none of that id (got {call.params['id'][:40]!r}); the last ten are kept")


def _replays(host: Host) -> Replays:
    if host.replays is None:
        raise ApiError(409, "replay: not available in this daemon")
    return host.replays


class ArchiveUpload:
    """Takes an archive as the body of a request: JSON Lines, plain or gzip."""

    def __init__(self, host: Host, session_guard: SessionGuard) -> None:
        self._host, self._session_guard = host, session_guard

    async def answer(self, request: Request) -> Response:
        """Answer one upload."""
        found = self._session_guard.check(request, "write")
        if isinstance(found, Refusal):
            return error_response(found.status, found.reason)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _TYPES:
            return error_response(415, f"archive: expected one of {', '.join(_TYPES)}; got {kind[:80]!r}")
        name = request.query_params.get("name", "archive")
        try:
            return json_response(Uploaded(await store(self._host, request.stream(), name)))
        except (ApiError, BodyError) as error:
            return error_response(error.status, error.reason)


async def store(host: Host, chunks: AsyncIterator[bytes], name: str) -> Archive:
    """Store an archive as it comes; raise `ApiError` for one that is too large, too slow or empty."""
    uploads = _replays(host).uploads
    try:
        upload = await run_in_threadpool(uploads.begin)
    except UsageError as error:
        raise ApiError(503, str(error)) from None
    try:
        async with asyncio.timeout(UPLOAD_TIMEOUT_S):
            async for chunk in chunks:
                await run_in_threadpool(upload.write, chunk)
        return await run_in_threadpool(uploads.finish, upload, name)
    except TimeoutError:
        upload.abort()
        raise ApiError(408, f"archive: expected all of it within {UPLOAD_TIMEOUT_S:g} s") from None
    except UsageError as error:
        upload.abort()
        raise ApiError(413 if isinstance(error, TooLarge) else 400, str(error)) from None
    except BaseException:
        # The client went away, or the daemon stops: nothing of it stays.
        upload.abort()
        raise


OPERATIONS = [
    Operation(
        "startReplay",
        "POST",
        "/api/v1/replays",
        "Replay history under changed settings",
        "write",
        start_replay,
        Job,
        NewReplay,
        errors=(409,),
    ),
    Operation("listReplays", "GET", "/api/v1/replays", "List replays", "read", list_replays, ReplayList, errors=(409,)),
    Operation(
        "showReplay",
        "GET",
        "/api/v1/replays/{id}",
        "Show a replay with its result",
        "read",
        show_replay,
        ReplayDetail,
        errors=(404, 409),
    ),
    Operation(
        "cancelReplay",
        "POST",
        "/api/v1/replays/{id}/cancel",
        "End a replay that runs",
        "write",
        cancel_replay,
        Cancelled,
        bodies.Nothing,
        errors=(404, 409),
    ),
    Operation(
        "removeReplay",
        "DELETE",
        "/api/v1/replays/{id}",
        "Remove a replay",
        "write",
        remove_replay,
        Removed,
        errors=(404, 409),
    ),
]
