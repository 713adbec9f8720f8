"""The states behind the words of tools."""

from __future__ import annotations

# `no_data`, `pending` and `paused` are neither an alarm nor an end: they leave the alarm as it is, page nobody, and are
# kept as information for a while. So is `test`, which somebody sent to see that it arrives. `acknowledged` leaves the
# alarm as it is, and `ignored` carries no state at all, a note: both are counted, and no record comes of them.
STATES = ("firing", "resolved", "no_data", "pending", "paused", "test", "acknowledged", "ignored")
UNRECORDED = ("acknowledged", "ignored")
# The states that become information, with what they add to the alert's name.
BACKGROUND = {"no_data": "no data", "pending": "pending", "paused": "paused", "test": "test"}
# As Prometheus' lease of an alert that names no end: tools evaluate every minute to five.
BACKGROUND_S = 300.0

# Words that tools use for the states. A mapping names this table as `status`, or brings its own.
STATUS_WORDS = {
    "firing": "firing alerting alert alarm active activated open opened new trigger triggered triggering problem down "
    "fail failed failing failure critical crit error err warning warn unhealthy offline unreachable missing late "
    "create created raise raised degraded trouble occurred start started page high low "
    "medium info notice unknown no_data nodata update updated fire fired breach breached fault faulty violated "
    "outage unavailable reopened reopen bad unprocessed",
    "resolved": "resolved resolve ok okay closed close clear cleared normal recovered recovery recover up success "
    "passing healthy online inactive deactivated canceled cancelled done ended end delete deleted completed green "
    "fixed solved",
    # Somebody works on it in the tool. The alarm was reported before, or will be again.
    "acknowledged": "acknowledged ack acknowledge acked",
    # CloudWatch's word: "not enough data is available to determine the alarm state".
    "no_data": "insufficient_data",
    # Prometheus, Uptime Kuma: the condition holds, but not yet for as long as the rule requires; then it fires.
    "pending": "pending",
    # Nobody watches it, or (Alertmanager's `suppressed`) a silence of the tool itself keeps it from people.
    "paused": "paused suspended maintenance suppressed",
}
TABLES = {"status": {word: state for state, words in STATUS_WORDS.items() for word in words.split()}}
# A text that ends in one of these names an end: "Alarm cleared", "incident.resolved", "Down ended".
_ENDS = frozenset(("resolved", "recovered", "cleared", "closed", "ended"))
# … unless one of these stands before it: "not resolved", "failed: closed".
_NOT = frozenset(("not", "no", "never", "un", "non", "partially", "partly", "cannot", "failed", "to", "be"))
# A status is a word or three; what is longer is a sentence.
_MAX_TEXT = 64


def state_of(word: str) -> str | None:
    """Return the state of a word after its mapping's table; None for an unknown one.

    >>> state_of("firing"), state_of("Alarm cleared"), state_of("not resolved"), state_of("purple")
    ('firing', 'resolved', None, None)
    """
    if word in STATES:
        return word
    if len(word) > _MAX_TEXT:
        return None
    lower = word.strip().lower()
    if lower in TABLES["status"]:
        return TABLES["status"][lower]
    tokens = "".join(letter if letter.isalnum() else " " for letter in lower).split()
    return "resolved" if tokens and tokens[-1] in _ENDS and _NOT.isdisjoint(tokens) else None


__all__ = ["BACKGROUND", "BACKGROUND_S", "STATES", "TABLES", "UNRECORDED", "state_of"]
