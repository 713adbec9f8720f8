"""Scenarios: the same alerts to both sides, and what each receiver got, in words that can be compared.

Each scenario has a route of its own: all run at once, and each takes some seconds of the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from benchmarks.alertmanager.configuration import GROUP_S, INTERVAL_S, REPEAT_S, WAIT_S
from benchmarks.alertmanager.receiver import Notification
from benchmarks.alertmanager.sides import Side, firing, resolved

# What a busy machine may add to a wait.
SLACK_S = 2.5
# How often both look for what is to be sent again, and a little more: Alertmanager each group interval.
LOOK_S = 6.0
# Long enough for a message that should not come.
QUIET_S = WAIT_S + 2 * INTERVAL_S + 1.0


class Row(Struct, frozen=True):
    """A behaviour on both sides; `reason` is why a difference is meant."""

    behaviour: str
    theirs: str
    ours: str
    reason: str = ""

    @property
    def is_equal(self) -> bool:
        """Return true if both did the same."""
        return self.theirs == self.ours


Sides = Sequence[Side]
Look = Callable[[Side], str]


def compared(sides: Sides, behaviour: str, look: Look, reason: str = "") -> Row:
    """Look at both sides."""
    theirs, ours = (look(side) for side in sides)
    return Row(behaviour, theirs, ours, reason if theirs != ours else "")


def post(sides: Sides, *alerts: dict[str, object]) -> float:
    """Post to both; return the time."""
    for side in sides:
        side.post(*alerts)
    return time.monotonic()


def came(side: Side, path: str, count: int, within_s: float) -> list[Notification]:
    """Wait for so many messages; return what came."""
    deadline = time.monotonic() + within_s
    while len(side.hooks.of(path)) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return side.hooks.of(path)


def after(one: Notification, begun: float, low_s: float, high_s: float) -> str:
    """Return when a message came, as in time or with the seconds."""
    waited = one.at - begun
    return "in time" if low_s - 0.1 <= waited <= high_s + SLACK_S else f"after {waited:.1f} s"


def grouping(sides: Sides) -> list[Row]:
    """Two alerts within the group's wait are one message; a third is in the next, no sooner than the interval."""
    alert = firing("group", "g-1")
    begun = post(sides, alert)
    time.sleep(0.5)
    post(sides, firing("group", "g-2"))
    for side in sides:
        came(side, "group", 1, GROUP_S + SLACK_S)
    post(sides, firing("group", "g-3"))
    for side in sides:
        came(side, "group", 2, 2 * GROUP_S + SLACK_S)

    def first(side: Side) -> str:
        found = side.hooks.of("group")
        return f"{sorted(found[0].firing())}, {after(found[0], begun, GROUP_S, GROUP_S)}" if found else "nothing"

    def second(side: Side) -> str:
        found = side.hooks.of("group")
        if len(found) != 2:
            return f"{len(found)} messages"
        return f"{sorted(found[1].firing())}, {after(found[1], found[0].at, GROUP_S, 2 * GROUP_S)}"

    rows = [
        compared(sides, "group wait: two alerts are one message", first),
        compared(sides, "group interval: a third alert is in the next message", second),
    ]
    post(sides, resolved(alert))
    time.sleep(2 * GROUP_S)
    reason = "an update is sent for what is new; the page, the API and the next message show the end"
    rows.append(compared(sides, "one of three alerts ends", _ended("group", "g-1"), reason))
    post(sides, firing("group", "g-4", "OtherTrouble"))
    for side in sides:
        came(side, "group", len(side.hooks.of("group")) + 1, GROUP_S + 6 + SLACK_S)
    reason = "alerts of one fault are one message, whatever their names are: the engine groups by correlation"
    rows.append(compared(sides, "an alert of another name of the same service", _company("group", "g-4"), reason))
    return rows


def repeat(sides: Sides) -> list[Row]:
    """A firing alert is sent again after the repeat interval."""
    post(sides, firing("repeat", "r-1"))
    for side in sides:
        came(side, "repeat", 2, WAIT_S + REPEAT_S + LOOK_S + SLACK_S)

    def look(side: Side) -> str:
        found = side.hooks.of("repeat")
        if len(found) < 2:
            return f"{len(found)} message"
        return f"{found[1].status}, {after(found[1], found[0].at, REPEAT_S, REPEAT_S + LOOK_S)}"

    return [compared(sides, "repeat interval: a firing alert is sent again", look)]


def send_resolved(sides: Sides) -> list[Row]:
    """The end of an alert is sent, unless the receiver wants none."""
    alerts = [firing("resolved", "e-1"), firing("unresolved", "e-2")]
    post(sides, *alerts)
    for side in sides:
        came(side, "resolved", 1, WAIT_S + SLACK_S)
        came(side, "unresolved", 1, WAIT_S + SLACK_S)
    post(sides, *(resolved(alert) for alert in alerts))
    for side in sides:
        came(side, "resolved", 2, 2 * INTERVAL_S + SLACK_S)
    time.sleep(INTERVAL_S)

    def look(path: str) -> Look:
        return lambda side: ", ".join(f"{one.status} {one.alerts[0]}" for one in side.hooks.of(path))

    return [
        compared(sides, "send_resolved: the end of an alert is sent", look("resolved")),
        compared(sides, "send_resolved: false: the end is not sent", look("unresolved")),
    ]


def fires_again(sides: Sides) -> list[Row]:
    """An alert that fires again after its end was sent is sent again."""
    alert = firing("again", "f-1")
    post(sides, alert)
    for side in sides:
        came(side, "again", 1, WAIT_S + SLACK_S)
    post(sides, resolved(alert))
    for side in sides:
        came(side, "again", 2, 2 * INTERVAL_S + 2 * SLACK_S)
    post(sides, firing("again", "f-1"))
    for side in sides:
        came(side, "again", 3, LOOK_S + SLACK_S)
    return [compared(sides, "an alert that fires again is sent again", _statuses("again"))]


def severities(sides: Sides) -> list[Row]:
    """Alerts of every severity are sent, also one alone."""
    for word in ("warning", "info", "none", "page"):
        post(sides, firing("severity", f"v-{word}", f"Trouble{word.title()}", severity=word))
    time.sleep(QUIET_S)
    wanted = {f"v-{word}" for word in ("warning", "info", "none", "page")}
    return [compared(sides, "a warning, an info and an alert of no severity are sent", _named("severity", wanted))]


def copies(sides: Sides) -> list[Row]:
    """An alert that is posted again and again is one message."""
    alert = firing("copies", "c-1")
    for _ in range(5):
        post(sides, alert)
        time.sleep(0.3)
    time.sleep(QUIET_S)
    return [compared(sides, "an alert that is posted five times is one message", _count("copies"))]


def inhibition(sides: Sides) -> list[Row]:
    """A target is held back while its source fires, and sent once that has ended."""
    source = firing("inhibit", "s-1", "NodeDown", role="source", node="n1", service="inhibit-source")
    post(sides, source)
    for side in sides:
        came(side, "inhibit", 1, WAIT_S + SLACK_S)
    post(sides, firing("inhibit", "t-1", "PodDown", role="target", node="n1"))
    post(sides, firing("inhibit", "t-2", "PodDown", role="target", node="n2"))
    time.sleep(QUIET_S)
    named = _named("inhibit", {"t-1", "t-2"})
    held = compared(sides, "inhibition: the target with equal labels is held, the other is sent", named)
    states = compared(
        sides,
        "inhibition: the API shows the target as suppressed",
        lambda side: side.states(scenario="inhibit").get("t-1", "absent"),
    )
    post(sides, resolved(source))
    time.sleep(QUIET_S + INTERVAL_S)
    return [held, states, compared(sides, "inhibition: the target is sent once its source has ended", named)]


def silences(sides: Sides) -> list[Row]:
    """An alert that fires under a silence is sent once the silence has ended."""
    ids = [side.silence(scenario="silence") for side in sides]
    post(sides, firing("silence", "q-1"))
    time.sleep(QUIET_S)
    held = compared(sides, "silence: an alert under it is not sent", _count("silence"))
    states = compared(
        sides, "silence: the API shows the alert as suppressed", lambda side: str(side.states(scenario="silence"))
    )
    for side, name in zip(sides, ids, strict=True):
        side.expire(name)
    for side in sides:
        came(side, "silence", 1, 2 * INTERVAL_S + SLACK_S)
    return [held, states, compared(sides, "silence: the alert is sent once it has ended", _named("silence", {"q-1"}))]


def ended_under_a_silence(sides: Sides) -> list[Row]:
    """An alert that was sent, and ends under a silence."""
    alert = firing("ended", "d-1")
    post(sides, alert)
    for side in sides:
        came(side, "ended", 1, WAIT_S + SLACK_S)
        side.silence(scenario="ended")
    post(sides, resolved(alert))
    time.sleep(QUIET_S + INTERVAL_S)
    reason = "a page that was sent is closed, whatever is silenced by then"
    look = _statuses("ended")
    return [compared(sides, "silence: the end of an alert that was sent before", look, reason)]


def mutes(sides: Sides) -> list[Row]:
    """A muted route, and one outside its active interval, send nothing."""
    post(sides, firing("muted", "m-1"), firing("inactive", "m-2"))
    time.sleep(QUIET_S)
    return [
        compared(sides, "mute time interval: nothing is sent", _count("muted")),
        compared(sides, "active time interval: nothing is sent outside it", _count("inactive")),
    ]


def routing(sides: Sides) -> list[Row]:
    """`continue` leads to the next sibling too; what no route takes goes to the first route's receiver."""
    post(sides, firing("continue", "k-1"), firing("other", "o-1"))
    time.sleep(QUIET_S)
    return [
        compared(
            sides,
            "continue: the first two siblings get the alert, the third does not",
            lambda side: ", ".join(f"{path} {len(side.hooks.of(path))}" for path in ("first", "second", "third")),
        ),
        compared(sides, "the first route takes what no other does", _named("default", {"o-1"})),
    ]


def retries(sides: Sides) -> list[Row]:
    """A receiver that answers 500 twice gets the message at the third attempt; 400 is final for one side."""
    for side in sides:
        side.hooks.refuse["retry"] += [500, 500]
        side.hooks.refuse["refused"] += [400]
    post(sides, firing("retry", "a-1"), firing("refused", "a-2"))
    for side in sides:
        came(side, "retry", 1, 20)
        came(side, "refused", 1, 3 * INTERVAL_S + SLACK_S)
    reason = "400 means a wrong message: it waits for a person as a dead letter, and health warns"
    return [
        compared(sides, "a receiver that answers 500 twice gets the message", _named("retry", {"a-1"})),
        compared(sides, "a receiver that answers 400 once", _named("refused", {"a-2"}), reason),
    ]


def restart(sides: Sides) -> list[Row]:
    """After a restart nothing is sent twice, silences hold, and alerts are still known."""
    alert = firing("restart", "b-1")
    post(sides, alert, firing("kept", "b-2"))
    for side in sides:
        came(side, "restart", 1, WAIT_S + SLACK_S)
        side.silence(scenario="nothing-at-all")
    # Alertmanager writes what it has sent every quarter of an hour, and when it is stopped.
    for side in sides:
        side.stop()
    for side in sides:
        side.start()
    known = compared(
        sides,
        "restart: alerts that fire are still shown, before they are posted again",
        lambda side: str(sorted(side.states(scenario="kept"))),
        "alerts are on disk; Alertmanager has them again once Prometheus posts them",
    )
    post(sides, alert)
    time.sleep(QUIET_S)
    silences_held = compared(
        sides,
        "restart: silences hold",
        lambda side: str(
            sum(
                one["status"]["state"] == "active" and one["matchers"][0]["value"] == "nothing-at-all"
                for one in side.client.get("/api/v2/silences").json()
            )
        ),
    )
    return [known, compared(sides, "restart: what was sent is not sent again", _count("restart")), silences_held]


def unmuted(sides: Sides, end: float) -> list[Row]:
    """An alert that fired in a mute is sent once the mute has ended, at `end` (Unix seconds)."""
    post(sides, firing("unmuted", "u-1"))
    time.sleep(max(0.0, end - 1.0 - time.time()))
    before = compared(sides, "mute time interval: nothing before its end", _count("unmuted"))
    time.sleep(max(0.0, end - time.time()))
    for side in sides:
        came(side, "unmuted", 1, WAIT_S + 2 * INTERVAL_S + SLACK_S)
    return [
        before,
        compared(sides, "mute time interval: the alert is sent once it has ended", _named("unmuted", {"u-1"})),
    ]


def _count(path: str) -> Look:
    return lambda side: f"{len(side.hooks.of(path))} messages"


def _named(path: str, wanted: set[str]) -> Look:
    """Return which of the wanted instances some message named as firing."""
    return lambda side: str(sorted(wanted & set().union(*(one.firing() for one in side.hooks.of(path)))) or "nothing")


def _ended(path: str, instance: str) -> Look:
    """Return if some message named an instance as resolved."""
    return lambda side: (
        "named as resolved"
        if any((instance, "resolved") in one.alerts for one in side.hooks.of(path))
        else "no message"
    )


def _company(path: str, instance: str) -> Look:
    """Return what fires in the first message that names an instance."""
    return lambda side: next(
        (str(sorted(one.firing())) for one in side.hooks.of(path) if instance in one.firing()), "nothing"
    )


def _statuses(path: str) -> Look:
    return lambda side: ", ".join(one.status for one in side.hooks.of(path)) or "nothing"


# Those of a quick run, which share one start and some ten seconds.
QUICK = (send_resolved, inhibition, silences, mutes, routing)
AT_ONCE = (*QUICK, repeat, fires_again, severities, copies, ended_under_a_silence, retries)
