"""Playbooks over the API: the catalogue with a search, and each one with all that is known of it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from aiops.store import incidents
from aiops.views.playbook_page import Choice, PlaybookLine, PlaybookPage, catalogue_lines, playbook_page
from aiops.web.operations import ApiError, Call, Operation


class CatalogueQuery(Struct, forbid_unknown_fields=True):
    """A selection: words of the text, a tag, a mode, and only those that fit an open incident."""

    q: Annotated[str, Meta(max_length=200)] = ""
    tag: Annotated[str, Meta(max_length=63)] = ""
    mode: Literal["", "suggest", "approve", "auto"] = ""
    fits: bool = False


class CatalogueList(Struct):
    """Playbooks in use, those that fit open incidents first; `count` is the number of the whole catalogue."""

    playbooks: list[PlaybookLine]
    count: int


class FillQuery(Struct, forbid_unknown_fields=True):
    """The incident to fill the commands in for."""

    incident: Annotated[str, Meta(min_length=1, max_length=1_024)] | None = None


def list_playbooks(call: Call) -> CatalogueList:
    """List playbooks."""
    query: CatalogueQuery = call.query
    lines = catalogue_lines(call.host, Choice(query.q, query.tag, query.mode, query.fits))
    return CatalogueList(lines, len(call.host.playbooks))


def show_playbook(call: Call) -> PlaybookPage:
    """Return one playbook."""
    wanted, incident = call.query.incident, None
    if wanted is not None:
        stored = incidents.get(call.host.store.database.reader, wanted)
        if stored is None:
            raise ApiError(404, f"incident: none of that id (got {wanted[:100]!r})")
        incident = stored.incident
    found = playbook_page(call.host, call.params["name"], incident)
    if found is None:
        raise ApiError(404, f"playbook: none of that name is in use (got {call.params['name'][:100]!r})")
    return found


def playbook_text(call: Call) -> str:
    """Return the document of a playbook as it was written."""
    found = call.host.playbook_text(call.params["name"])
    if found is None:
        raise ApiError(404, f"playbook: none of that name is in use (got {call.params['name'][:100]!r})")
    return found


OPERATIONS = [
    Operation(
        "listPlaybooks",
        "GET",
        "/api/v1/playbooks",
        "List playbooks",
        "read",
        list_playbooks,
        CatalogueList,
        query=CatalogueQuery,
    ),
    Operation(
        "showPlaybook",
        "GET",
        "/api/v1/playbooks/{name}",
        "Show a playbook",
        "read",
        show_playbook,
        PlaybookPage,
        query=FillQuery,
        errors=(404,),
    ),
]
