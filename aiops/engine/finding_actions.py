"""Findings: what the host read of other systems when an incident opened, as evidence for its causes.

They add to the evidence for a suspect and change nothing else: no grouping, no severity, no status.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from aiops.engine.acted_incident import acted_incident
from aiops.engine.arrival import Moment
from aiops.engine.incidents.lifecycle import Incidents
from aiops.engine.incidents.state import MAX_FINDINGS
from aiops.errors import UsageError
from aiops.records import Action, Finding, FindingWeight
from aiops.wording import plural

# Findings that a message names.
MAX_NAMED = 3


class Found(Struct, forbid_unknown_fields=True):
    """One finding as a record carries it: `by` names the collector."""

    by: Annotated[str, Meta(min_length=1, max_length=300)]
    entity: Annotated[str, Meta(min_length=1, max_length=1_024)]
    text: Annotated[str, Meta(min_length=1, max_length=300)]
    weight: FindingWeight = "medium"


Findings = Annotated[list[Found], Meta(min_length=1, max_length=MAX_FINDINGS)]


class FindingActions:
    """Applies findings to incidents that the engine remembers."""

    def __init__(self, incidents: Incidents) -> None:
        self.incidents = incidents

    def finding(self, action: Action, moment: Moment) -> str:
        """Keep findings with an incident, rank its causes anew, and report both as one update."""
        try:
            found = msgspec.json.decode(action.args.get("findings", ""), type=Findings)
        except msgspec.MsgspecError as error:
            raise UsageError(f"$.args.findings: expected a list of findings as JSON; {error}") from None
        incident, cluster, now = acted_incident(self.incidents, action)
        if incident.status == "resolved":
            raise UsageError(f"{now}$.incident: expected one that has not ended; {incident.id} is resolved")
        known = {(one.by, one.entity, one.text) for one in incident.findings or ()}
        fresh = [one for one in found if (one.by, one.entity, one.text) not in known]
        if not fresh:
            return f"{now}known before: nothing changed"
        made = [Finding(moment.now, one.by, one.entity, one.text, one.weight) for one in fresh]
        incident.findings = [*(incident.findings or ()), *made][-MAX_FINDINGS:]
        what = self.incidents.assess_now(incident, cluster)
        more = f"; and {len(made) - MAX_NAMED} more" if len(made) > MAX_NAMED else ""
        text = "found: " + "; ".join(one.text for one in made[:MAX_NAMED]) + more
        self.incidents.announce(incident, cluster, moment.now, ("updated", ["finding", *what]), moment).said = text
        return f"{now}{plural(len(made), 'finding')} kept; endpoints that know it get one update, and nobody is called"
