"""Guarded runs over the API: dry runs, approvals, runs and kill switches.

Approving and releasing a switch need an actor whom a token vouches for. Engaging a switch only makes things safer;
every caller with write access may do it.
"""

from __future__ import annotations

from aiops.errors import AiopsError, UsageError
from aiops.records import Incident
from aiops.respond.authority import ReasonMissing
from aiops.respond.guard_case import MODES
from aiops.respond.history import Run
from aiops.respond.promotion import Levels, Promotion
from aiops.respond.run_record import RunRecord
from aiops.respond.runs import Plan
from aiops.respond.step_approvals import Continuation
from aiops.views.waiting_runs import Waiting, waiting_runs
from aiops.web import bodies, incidents
from aiops.web.host import Host, Respond
from aiops.web.operations import ApiError, Call, Operation

_NOBODY = (
    "expected a token that names the person (http.options.tokens); without one, any user of this machine could act"
)


def plan(call: Call) -> bodies.Planned:
    """Make a dry run."""
    incident, runs = incidents.show_incident(call).incident, _runs(call.host)
    name = call.query.playbook or (incident.playbooks[0].name if incident.playbooks else None)
    if name is None:
        raise ApiError(409, "no playbook is suggested: name one")
    try:
        return bodies.Planned(runs.plan(incident.id, name))
    except AiopsError as error:
        raise _refused(error) from None


def approve(call: Call) -> bodies.PlanApproved:
    """Approve a plan; every guard is evaluated again."""
    incident, runs = incidents.show_incident(call).incident, _runs(call.host)
    if not call.vouched or call.actor is None:
        raise ApiError(403, _NOBODY)
    try:
        found, started = runs.approve(incident.id, call.body.playbook, call.body.plan, call.actor)
    except AiopsError as error:
        raise _refused(error) from None
    return bodies.PlanApproved(found, started)


def list_runs(call: Call) -> bodies.RunList:
    """List runs."""
    return bodies.RunList(list(_runs(call.host).listed(call.query.limit)))


def roll_back(call: Call) -> bodies.RolledBack:
    """Roll back a run that waits for a person, who must be an approver of the playbook."""
    runs, wanted = _runs(call.host), call.body
    if not call.vouched or call.actor is None:
        raise ApiError(403, _NOBODY)
    try:
        return bodies.RolledBack(
            runs.roll_back(call.params["id"], call.actor, wanted.reason, close=wanted.close, vouched=True)
        )
    except AiopsError as error:
        raise _refused(error) from None


def approve_step(call: Call) -> bodies.StepApproved:
    """Approve the rest of a waiting run, as an approver of its step; guards are evaluated again."""
    runs = _runs(call.host)
    if not call.vouched or call.actor is None:
        raise ApiError(403, _NOBODY)
    try:
        return bodies.StepApproved(*runs.steps.approve(call.params["id"], call.body.approval, call.actor))
    except AiopsError as error:
        raise _refused(error) from None


def continuation(call: Call) -> tuple[Continuation | None, str]:
    """Return what a waiting run would do next, or why that is not known."""
    try:
        return _runs(call.host).steps.continuation(call.params["id"]), ""
    except AiopsError as error:
        return None, str(error)


def reject_step(call: Call) -> bodies.RolledBack:
    """End a waiting run, as a person whom a token names: what it did is rolled back by requests."""
    runs = _runs(call.host)
    if not call.vouched or call.actor is None:
        raise ApiError(403, _NOBODY)
    try:
        return bodies.RolledBack(runs.steps.reject(call.params["id"], call.actor, call.body.reason))
    except AiopsError as error:
        raise _refused(error) from None


def roll_back_on_page(call: Call) -> bodies.RolledBack:
    """Roll back a run from the form of an incident's page; see `roll_back`."""
    form: bodies.RollBackForm = call.body
    call.params, call.body = {"id": form.run}, bodies.RollBack(form.close == "yes", form.reason)
    return roll_back(call)


def list_switches(call: Call) -> bodies.Switches:
    """Return the kill switches that were ever moved."""
    return _switches(_runs(call.host))


def _switches(runs: Respond) -> bodies.Switches:
    return bodies.Switches(dict(runs.switches()), dict(runs.moves()))


def list_waiting(call: Call) -> Waiting:
    """Return the planned runs that wait for a person, and those that guards refuse."""
    _runs(call.host)
    return waiting_runs(call.host)


def list_refusals(call: Call) -> bodies.RefusalList:
    """List approvals after which nothing ran."""
    return bodies.RefusalList(list(_runs(call.host).refusals()))


def list_promotions(call: Call) -> Levels:
    """List playbooks that could run, with their modes."""
    return Levels(list(_runs(call.host).promotions()))


def standing(call: Call) -> Promotion | None:
    """Return where the playbook of a page stands; None if no run of it could be made."""
    runs, name = call.host.runs, call.params["name"]
    if runs is None or name not in call.host.playbooks:
        return None
    return next((one for one in runs.promotions() if one.playbook == name), None)


def list_decisions(call: Call) -> bodies.DecisionList:
    """List decisions on runs without a person."""
    runs = _runs(call.host)
    return bodies.DecisionList(list(runs.decisions()), list(runs.shadows()))


def set_level(call: Call) -> Promotion:
    """Promote or demote a playbook; a promotion needs a person whom a token vouches for."""
    runs, wanted = _runs(call.host), call.body
    try:
        known = runs.promotion(call.params["name"])
        is_back = MODES.index(wanted.mode) < MODES.index(known.level)
        if not is_back and not call.vouched:
            raise ApiError(403, _NOBODY)
        return runs.set_level(
            call.params["name"], wanted.mode, call.actor or "local", wanted.reason, vouched=call.vouched
        )
    except AiopsError as error:
        raise _refused(error) from None


def show_run(call: Call) -> RunRecord:
    """Return a run with its requests and their answers."""
    found = _runs(call.host).record(call.params["id"])
    if found is None:
        raise ApiError(404, f"run: none of that id (got {call.params['id'][:100]!r})")
    return found


def move_switch(call: Call) -> bodies.Switches:
    """Engage a kill switch, or release it with the authority over its playbooks."""
    runs, wanted = _runs(call.host), call.body
    if not wanted.engaged and not call.vouched:
        raise ApiError(403, _NOBODY)
    try:
        runs.switch(
            wanted.scope,
            wanted.engaged,
            call.actor or "local",
            wanted.reason,
            vouched=call.vouched,
            seen=wanted.seen,
        )
    except AiopsError as error:
        raise _refused(error) from None
    return _switches(runs)


def shown(host: Host, incident: Incident) -> Plan | None:
    """Return the dry run for an incident's page: of the first suggestion, if it has executable steps.

    The page is shown without it if it is unavailable.
    """
    runs = host.runs
    name = runs.executable(incident) if runs is not None else None
    if runs is None or name is None or incident.status in ("resolved", "merged"):
        return None
    try:
        return runs.plan(incident.id, name)
    except AiopsError:
        return None


def listed(host: Host, incident: Incident) -> list[Run]:
    """Return the runs of an incident, for its page."""
    return list(host.runs.of(incident.id)) if host.runs is not None else []


def _runs(host: Host) -> Respond:
    if host.runs is None:
        raise ApiError(409, "runs are unavailable: respond.enabled is false, or /api/v1/health shows the reason")
    return host.runs


def _refused(error: AiopsError) -> ApiError:
    """Convert an error to a refusal.

    The request may succeed once the audit trail or the engine has recovered.
    """
    if isinstance(error, ReasonMissing):
        return ApiError(400, f"reason: {error}")
    return ApiError(409 if isinstance(error, UsageError) else 503, str(error))


OPERATIONS = [
    Operation(
        "planRun",
        "GET",
        "/api/v1/incidents/{id}/plan",
        "Dry run of a playbook, guard by guard",
        "read",
        plan,
        bodies.Planned,
        query=bodies.PlanQuery,
        errors=(404, 409, 503),
    ),
    Operation(
        "approveRun",
        "POST",
        "/api/v1/incidents/{id}/approve",
        "Approve a planned run",
        "write",
        approve,
        bodies.PlanApproved,
        bodies.Approve,
        errors=(404, 409, 503),
    ),
    Operation(
        "listRuns",
        "GET",
        "/api/v1/runs",
        "List runs of playbooks",
        "read",
        list_runs,
        bodies.RunList,
        query=bodies.RunsQuery,
        errors=(409,),
    ),
    Operation(
        "listWaitingRuns",
        "GET",
        "/api/v1/runs/waiting",
        "List planned runs that wait for a person",
        "read",
        list_waiting,
        Waiting,
        errors=(409,),
    ),
    Operation(
        "listRefusedRuns",
        "GET",
        "/api/v1/runs/refused",
        "List approvals after which nothing ran",
        "read",
        list_refusals,
        bodies.RefusalList,
        errors=(409,),
    ),
    Operation(
        "listDecisions",
        "GET",
        "/api/v1/runs/decisions",
        "List decisions on runs without a person",
        "read",
        list_decisions,
        bodies.DecisionList,
        errors=(409,),
    ),
    Operation(
        "listPromotions",
        "GET",
        "/api/v1/runs/promotions",
        "List the modes of playbooks",
        "read",
        list_promotions,
        Levels,
        errors=(409,),
    ),
    Operation(
        "setPlaybookMode",
        "POST",
        "/api/v1/playbooks/{name}/mode",
        "Promote or demote a playbook",
        "write",
        set_level,
        Promotion,
        bodies.SetLevel,
        errors=(409, 503),
    ),
    Operation(
        "showRun",
        "GET",
        "/api/v1/runs/{id}",
        "Show a run with its requests and answers",
        "read",
        show_run,
        RunRecord,
        errors=(404, 409),
    ),
    Operation(
        "rollBackRun",
        "POST",
        "/api/v1/runs/{id}/rollback",
        "Roll back a run whose rollback waits, or close it",
        "write",
        roll_back,
        bodies.RolledBack,
        bodies.RollBack,
        errors=(409, 503),
    ),
    Operation(
        "approveStep",
        "POST",
        "/api/v1/runs/{id}/approve",
        "Approve what a waiting run would do next",
        "write",
        approve_step,
        bodies.StepApproved,
        bodies.ApproveStep,
        errors=(409, 503),
    ),
    Operation(
        "rejectStep",
        "POST",
        "/api/v1/runs/{id}/reject",
        "End a waiting run and roll it back",
        "write",
        reject_step,
        bodies.RolledBack,
        bodies.RejectStep,
        errors=(409, 503),
    ),
    Operation(
        "listSwitches",
        "GET",
        "/api/v1/switches",
        "List kill switches",
        "read",
        list_switches,
        bodies.Switches,
        errors=(409,),
    ),
    Operation(
        "moveSwitch",
        "POST",
        "/api/v1/switches",
        "Engage or release a kill switch",
        "write",
        move_switch,
        bodies.Switches,
        bodies.MoveSwitch,
        errors=(409, 503),
        urgent=True,
    ),
]
