"""Models over the API: what serves, what is tried; promotion, end and rollback.

What replaces a model changes what is decided for everybody: it needs an actor whom a token vouches for, as the release
of a kill switch does. A state never comes over the API, nor with ingest: the command line hands it in.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from aiops.records import Action
from aiops.views.models_report import ModelsReport, models_report
from aiops.web import bodies
from aiops.web.incidents import hand_in
from aiops.web.operations import ApiError, Call, Operation

_NOBODY = (
    "expected a token that names the person (http.options.tokens); without one, any user of this machine could replace "
    "a model: use the command line (aiops models)"
)


class WhichTrial(Struct, forbid_unknown_fields=True):
    """The candidate of a slot."""

    role: Literal["shadow", "canary"]


def show_models(call: Call) -> ModelsReport:
    """Return what serves in each slot, and what is tried beside it."""
    return models_report(call.host)


def promote_trial(call: Call) -> bodies.Done:
    """Have a candidate decide everything, as it stands."""
    return _hand_in(call, "swap_model", {"from": call.body.role})


def end_trial(call: Call) -> bodies.Done:
    """End a shadow or a canary."""
    return _hand_in(call, f"{call.body.role}_model", {})


def roll_back_model(call: Call) -> bodies.Done:
    """Bring back what served before the last swap, byte for byte."""
    return _hand_in(call, "swap_model", {"from": "previous"})


def _hand_in(call: Call, verb: str, args: dict[str, str]) -> bodies.Done:
    if not call.vouched or call.actor is None:
        raise ApiError(403, _NOBODY)
    args = {"slot": call.params["slot"], **args}
    return hand_in(call, Action(ts=call.clock(), verb=verb, actor=call.actor, args=args))


OPERATIONS = [
    Operation(
        "showModels", "GET", "/api/v1/models", "Show what serves in each slot", "read", show_models, ModelsReport
    ),
    *(
        Operation(
            name,
            "POST",
            f"/api/v1/models/{{slot}}/{verb}",
            summary,
            "write",
            handler,
            bodies.Done,
            body,
            errors=(409, 503),
        )
        for name, verb, summary, handler, body in (
            (
                "promoteTrial",
                "promote",
                "Have a shadow or canary decide everything, as it stands",
                promote_trial,
                WhichTrial,
            ),
            ("endTrial", "end", "End a shadow or a canary", end_trial, WhichTrial),
            (
                "rollBackModel",
                "rollback",
                "Bring back what served before the last swap",
                roll_back_model,
                bodies.Nothing,
            ),
        )
    ),
]
