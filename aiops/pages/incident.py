"""The page of one incident, its forms, and why an alert is in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.pages import graph_layout
from aiops.pages.incident_parts import parts_of, query_of
from aiops.pages.shell import Shell, Undo, is_live, reader_of, segment
from aiops.views.looked_at import answer_text
from aiops.views.markdown import markdown
from aiops.views.short_markdown import short_markdown
from aiops.web import action_bodies, bodies, briefs, incident_actions, incidents, runs
from aiops.web.forms import body_of
from aiops.web.operations import ApiError, Call
from aiops.wording import about, capital

# Characters of an alert's id, and of a playbook's name; the API accepts no more.
MAX_ALERT, MAX_PLAYBOOK = 1_024, 100
# The parts below the first ones, by their anchors.
ANCHORS_BELOW = (("timeline", "Timeline"), ("spread", "Spread"), ("why", "Why grouped"), ("alerts", "Alerts"))

# The forms of an incident beside those of `incident_actions`; their fields are those of the API.
ACTIONS: dict[str, tuple[Callable[[Call], Any], type[Struct]]] = {
    "note": (incident_actions.note, action_bodies.Remark),
    "confirm-cause": (incidents.confirm_cause, bodies.ConfirmCause),
    "confirm-grouping": (incidents.confirm_grouping, bodies.ConfirmGrouping),
    "confirm-playbook": (incidents.confirm_playbook, bodies.ConfirmPlaybook),
    "reject-playbook": (incidents.reject_playbook, bodies.RejectPlaybook),
    "approve": (runs.approve, bodies.Approve),
    "rollback": (runs.roll_back_on_page, bodies.RollBackForm),
}
# The part of the page to return to.
ANCHORS = {
    "confirm-cause": "#cause",
    "confirm-playbook": "#playbooks",
    "reject-playbook": "#playbooks",
    "approve": "#playbooks",
    "rollback": "#playbooks",
    "note": "#history",
}


class IncidentPage:
    """One incident, for people."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        graph_layout.load()

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [
            self._shell.get("/incidents/{id}", self._show),
            self._shell.get("/incidents/{id}/explain", self._explain),
            self._shell.post("/incidents/{id}/{verb}", self._act),
        ]

    async def _show(self, request: Request) -> Response:
        wanted = request.query_params.get("playbook", "").strip()[:MAX_PLAYBOOK]
        call = self._shell.call(request, query=bodies.PlanQuery(wanted or None))
        stretch = query_of(request.query_params)
        values = await run_in_threadpool(self._values, call)
        drawn = self._shell.call(request, query=stretch)
        zone = reader_of(request).zone
        values["parts"] = await run_in_threadpool(parts_of, drawn, values["incident"], zone)
        values["live"] = None if values["brief"].status in ("resolved", "merged") else is_live(request)
        return self._shell.render(request, "incident.html", **values)

    def _values(self, call: Call) -> dict[str, Any]:
        """Return what the template shows."""
        stored = incidents.stored_of(call)
        brief = briefs.brief_of(call.host, stored, call.query.playbook or "")
        address = briefs.address_of(call, brief.id)
        return {
            "incident": stored.incident,
            "brief": brief,
            "markdown": short_markdown(brief, call.clock(), address),
            "whole_markdown": markdown(brief, call.clock(), address),
            "state_words": _state_words(brief.status),
            "is_judgeable": brief.status != "merged",
            "can_note": brief.status in ("open", "acknowledged"),
            "can_merge": True,
            "has_endpoints": incidents.has_endpoints(call.host),
            "anchors": ANCHORS_BELOW,
            "about": about,
            "answer_text": answer_text,
        }

    async def _explain(self, request: Request) -> Response:
        alert = request.query_params.get("alert", "").strip()[:MAX_ALERT]
        call = self._shell.call(request, query=bodies.ExplainQuery(alert))
        found = await run_in_threadpool(incidents.explain, call)
        return self._shell.render(request, "explain.html", one=found, incident=request.path_params["id"], alert=alert)

    async def _act(self, request: Request) -> Response:
        verb, name = request.path_params["verb"], request.path_params["id"]
        if verb not in ACTIONS:
            raise ApiError(404, f"expected one of {', '.join(ACTIONS)}; got {verb[:50]!r}")
        fields: dict[str, Any] = dict(await self._shell.forms.read(request))
        if "wrong" in fields:
            fields["wrong"] = [name.strip() for name in fields["wrong"].split(",") if name.strip()]
        handler, kind = ACTIONS[verb]
        answer = await run_in_threadpool(handler, self._shell.call(request, body=body_of(fields, kind)))
        path = f"/incidents/{segment(name)}"
        # The journal knows a rejection by its id; what was judged is judged again by another press.
        undo = Undo(f"{path}/undo", {"action": answer.id}) if verb == "reject-playbook" else None
        return self._shell.done(request, path + ANCHORS.get(verb, ""), _sentence(answer), undo)


def _state_words(status: str) -> str:
    return {"open": "Open, nobody on it", "acknowledged": "Acknowledged"}.get(status, status.capitalize())


def _sentence(answer: Any) -> str:
    """Return what came of a form as a sentence."""
    if isinstance(answer, bodies.PlanApproved):
        return "Approved: the run has started." if answer.started else "Approved. It runs once enough people approved."
    if isinstance(answer, bodies.RolledBack):
        rollback = answer.run.rollback
        return "Closed without rolling back." if rollback == "closed" else "The rollback has begun."
    reason = str(answer.reason)
    return capital(reason) + ("" if reason.endswith(".") else ".")
