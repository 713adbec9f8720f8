"""The rate at which each playbook fitted past incidents; one that fits all is no evidence.

No labels are needed. Rarity is the surprise -ln((fits + 1/2) / (incidents + 1)), as for chronic alerts in the cause
ranker, cut to 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from aiops.wording import plural

# Before this many incidents the share is mostly chance.
MIN_INCIDENTS = 10
# The surprise at which a playbook counts as rare: it fitted one incident in twenty.
RARE_NATS = 3.0
# Incidents of which is known that they were counted: more than are ever open at once, as only open ones come again.
MAX_INCIDENTS = 4_096


class Usual:
    """Counts of incidents and of the playbooks that fitted them, each incident once."""

    def __init__(self) -> None:
        self._incidents = 0
        self._fits: dict[str, int] = {}
        # Playbooks already counted for an incident; a later look may add some.
        self._counted: dict[str, list[str]] = {}

    def see(self, incident: str, fitting: Sequence[str]) -> None:
        """Count an incident at its first look, and each playbook at the first look at which it fits."""
        counted = self._counted.get(incident)
        if counted is None:
            counted = self._counted[incident] = []
            self._incidents += 1
            if len(self._counted) > MAX_INCIDENTS:
                del self._counted[next(iter(self._counted))]
        for name in fitting:
            if name not in counted:
                counted.append(name)
                self._fits[name] = self._fits.get(name, 0) + 1

    def rarity(self, playbook: str) -> tuple[float, str]:
        """Return 0 (fits every incident) to 1 (rare), with a sentence.

        The sentence is empty without enough incidents.
        """
        fits = self._fits.get(playbook, 0)
        if self._incidents < MIN_INCIDENTS:
            return 0.0, ""
        surprise = -math.log(min(1.0, (fits + 0.5) / (self._incidents + 1)))
        return min(1.0, surprise / RARE_NATS), f"it fitted {fits} of {plural(self._incidents, 'incident')}"

    def dump(self) -> dict[str, Any]:
        """All of it, as what msgspec can encode."""
        return {"incidents": self._incidents, "fits": dict(self._fits), "counted": list(self._counted.items())}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take the state of a `dump`."""
        self._incidents = state["incidents"]
        self._fits = dict(state["fits"])
        self._counted = {incident: list(names) for incident, names in state["counted"]}
