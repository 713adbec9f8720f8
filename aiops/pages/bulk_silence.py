"""The address of the silence form for incidents, which finds the matchers for what fires of them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from aiops.records import Incident
from aiops.web.operations import ApiError

# What fires of more incidents has rather a service or a label in common, which a person must choose.
MAX_INCIDENTS = 50


def silence_address(incidents: Sequence[Incident]) -> str:
    """Return the address of the form of incidents."""
    if not incidents:
        raise ApiError(404, "expected incidents that there are; got none")
    if len(incidents) > MAX_INCIDENTS:
        raise ApiError(
            400,
            f"incident: expected at most {MAX_INCIDENTS} for one silence; got {len(incidents)}:"
            " silence a service or a label instead",
        )
    return f"/silences?{urlencode([('incident', one.id) for one in incidents])}#preview"
