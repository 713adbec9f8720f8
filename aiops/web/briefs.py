"""Briefs of incidents over the API: the whole page as JSON, as Markdown, and its playbook filled in."""

from __future__ import annotations

from urllib.parse import quote

from aiops.respond.filled import Filled
from aiops.store.incidents import Stored
from aiops.views.beside import beside_of
from aiops.views.brief import Brief, brief
from aiops.views.markdown import markdown
from aiops.views.short_markdown import short_markdown
from aiops.web import bodies
from aiops.web.host import Host
from aiops.web.incidents import stored_of
from aiops.web.operations import ApiError, Call, Operation
from aiops.web.unnotified import why_nobody


def show_brief(call: Call) -> Brief:
    """Return an incident as its page shows it."""
    return brief_of(call.host, stored_of(call), call.query.playbook or "")


def show_markdown(call: Call) -> str:
    """Return an incident as Markdown: a summary for a chat, or with `full` all of it."""
    found = brief_of(call.host, stored_of(call))
    made = markdown if call.query.full else short_markdown
    return made(found, call.clock(), address_of(call, found.id))


def address_of(call: Call, incident: str) -> str:
    """Return the address of an incident's page; empty if that of the site is not known."""
    return f"{call.site}/incidents/{quote(incident, safe='')}" if call.site else ""


def show_playbook(call: Call) -> Filled:
    """Return a playbook filled in for an incident."""
    found = call.host.filled(stored_of(call).incident, call.params["name"])
    if found is None:
        raise ApiError(404, f"expected the name of a playbook in use; got {call.params['name'][:100]!r}")
    return found


def brief_of(host: Host, stored: Stored, playbook: str = "") -> Brief:
    """Return the brief of an incident, with what the daemon knows of its playbooks."""
    found = brief(host.store.database.reader, stored, beside_of(host, stored.incident), playbook)
    if not found.notified.count:
        found.notified.reason = why_nobody(host, stored.incident)
    return found


OPERATIONS = [
    Operation(
        "showBrief",
        "GET",
        "/api/v1/incidents/{id}/brief",
        "Show an incident as its page does",
        "read",
        show_brief,
        Brief,
        query=bodies.PlanQuery,
        errors=(404,),
    ),
    Operation(
        "showMarkdown",
        "GET",
        "/api/v1/incidents/{id}/markdown",
        "Show an incident as Markdown, in short or in full",
        "read",
        show_markdown,
        str,
        query=bodies.MarkdownQuery,
        errors=(404,),
    ),
    Operation(
        "fillInPlaybook",
        "GET",
        "/api/v1/incidents/{id}/playbooks/{name}",
        "Fill a playbook in for an incident",
        "read",
        show_playbook,
        Filled,
        errors=(404,),
    ),
]
