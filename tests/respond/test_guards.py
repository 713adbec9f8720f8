"""Guards one by one: each refuses at its bound, and says why."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.respond.guards import GUARDS, Case, GuardCheck, Policy, World, evaluate, in_window, refusal, scopes
from aiops.respond.history import Approved, Gap, History, Run
from aiops.respond.matching import Fit
from aiops.respond.parameters import Values
from aiops.respond.situation import Situation


def test_windows_of_the_week() -> None:
    saturday = 1_700_308_800.0  # 2023-11-18 12:00 UTC
    assert in_window("Fri 16:00/Mon 08:00", saturday)
    assert not in_window("Mon 08:00/Fri 16:00", saturday)
    assert in_window("Sat 12:00/Sat 12:01", saturday)
    assert not in_window("Sat 11:00/Sat 12:00", saturday)


AT = 1_700_000_000.0
NAMES = [name for name, _ in GUARDS]


class Lab:
    """A case in which every guard holds, for a test to change one thing of it."""

    def __init__(self, samples: SimpleNamespace) -> None:
        self.samples = samples
        self.history = History(switches={"global": False}, approvals={"plan": [Approved("ann", AT - 10)]})

    def run(self, id: str = "r1", state: str = "verified", ago_s: float = 7200.0, **more: Any) -> Run:
        run = Run(id, "restart-worker", "1.0.0", "i0", ["worker-1"], AT - ago_s, state=state, ended_at=AT - ago_s)  # type: ignore[arg-type]
        run = msgspec.structs.replace(run, touched=["worker-1"], **more)
        self.history.runs[run.id] = run
        return run

    def case(self, playbook: dict[str, Any] | None = None, **changes: Any) -> Case:
        case = Case(
            playbook=self.samples.playbook(**(playbook or {})),
            situation=Situation("i1", 3, [], cause="worker-1", kind="host", confidence="high", opened_at=AT - 3600),
            fit=Fit(True, "it fits"),
            targets=["worker-1"],
            values=[Values({"host": "worker-1"}, {})],
            plan="plan",
            history=self.history,
            policy=Policy(ceiling="approve"),
            world=World(AT, members=10),
        )
        return msgspec.structs.replace(case, **changes)

    def refusals(self, playbook: dict[str, Any] | None = None, **changes: Any) -> dict[str, str]:
        checks = evaluate(self.case(playbook, **changes))
        return {check.guard: check.reason for check in checks if check.state == "refused"}


@pytest.fixture
def lab(samples: SimpleNamespace) -> Lab:
    return Lab(samples)


def guards(**more: Any) -> dict[str, Any]:
    """The sample playbook with other guards."""
    return {"guards": {"cooldown": "10m", "maxRuns": {"count": 2, "per": "1h"}, "minAge": "1m", **more}}


def test_every_guard_is_asked_in_its_order(lab: Lab) -> None:
    checks = evaluate(lab.case())
    assert [check.guard for check in checks if check.state != "later"] == NAMES
    assert {check.state for check in checks} == {"passed", "later"}
    assert refusal(checks) is None


def test_all_eighteen_are_shown_in_the_published_order(lab: Lab) -> None:
    step = {"kind": "http", "name": "alive", "url": "https://ops.example/alive", "method": "GET"}
    numbers = [check.number for check in evaluate(lab.case({"preconditions": [step]}))]
    assert sorted(numbers) == numbers
    assert set(numbers) == set(range(1, 19))


def test_a_refusal_has_a_code_and_nothing_else_has(lab: Lab) -> None:
    lab.history.switches["global"] = True
    checks = evaluate(lab.case(targets=[], values=[]))
    found = {check.guard: check.code for check in checks if check.code}
    assert found == {"kill switch": "kill_switch", "targets": "no_target"}


def test_preconditions_are_named_and_left_to_the_run(lab: Lab) -> None:
    step = {"kind": "http", "name": "alive", "url": "https://ops.example/alive", "method": "GET"}
    [found] = [check for check in evaluate(lab.case({"preconditions": [step]})) if check.guard == "precondition"]
    assert found.state == "later"
    assert "GET https://ops.example/alive" in found.reason


def test_refusal_is_the_first_and_may_leave_one_aside() -> None:
    checks = [GuardCheck("a", "passed", ""), GuardCheck("b", "refused", "x"), GuardCheck("c", "refused", "y")]
    assert refusal(checks) == checks[1]
    assert refusal(checks, but="b") == checks[2]
    assert refusal(checks[:1]) is None


def test_scopes_are_the_global_one_the_owners_and_the_playbook(samples: SimpleNamespace) -> None:
    book = samples.playbook(owners=["team:a", "team:b"])
    assert scopes(book) == ["global", "team:a", "team:b", "playbook:restart-worker"]


@pytest.mark.parametrize("scope", ["global", "team:platform", "playbook:restart-worker"])
def test_kill_switch_refuses(lab: Lab, scope: str) -> None:
    lab.history.switches[scope] = True
    assert list(lab.refusals()) == ["kill switch"]
    assert scope in lab.refusals()["kill switch"]


def test_kill_switch_of_others_does_not_refuse(lab: Lab) -> None:
    lab.history.switches |= {"team:other": True, "playbook:other": True}
    assert lab.refusals() == {}


def test_trail_that_was_cut_refuses_until_a_person_accepted_it(lab: Lab) -> None:
    lab.history.gap = Gap("3 lines are missing", AT - 90_000)
    assert list(lab.refusals()) == ["audit trail"]
    lab.history.gap.accepted = True
    assert lab.refusals() == {}


@pytest.mark.parametrize(
    ("until_ago_s", "refused"),
    [(90_000.0, set()), (3_000.0, {"rate", "repeated"}), (60.0, {"cooldown", "rate", "repeated"})],
)
def test_what_a_cut_trail_may_have_held_counts(lab: Lab, until_ago_s: float, refused: set[str]) -> None:
    """Cooldown is 10 minutes, the rate is for an hour, and the incident opened an hour ago."""
    lab.history.gap = Gap("cut", AT - until_ago_s, accepted=True)
    assert set(lab.refusals()) == refused


@pytest.mark.parametrize(
    ("playbook", "policy", "reason"),
    [
        ({"mode": "suggest"}, Policy(ceiling="approve"), "suggest"),
        ({}, Policy(ceiling="suggest"), "policy"),
        ({"steps": [{"kind": "manual", "name": "look first"}]}, Policy(ceiling="approve"), "look first"),
    ],
)
def test_mode_refuses_what_is_for_a_person(lab: Lab, playbook: dict[str, Any], policy: Policy, reason: str) -> None:
    assert reason in lab.refusals(playbook, policy=policy)["mode"]


def test_playbook_that_does_not_fit_is_refused_with_its_reason(lab: Lab) -> None:
    assert lab.refusals(fit=Fit(False, "no alert fits")) == {"match": "no alert fits"}


@pytest.mark.parametrize(
    ("got", "wanted", "passes"),
    [
        ("low", "low", True),
        ("low", "medium", False),
        ("medium", "medium", True),
        ("high", "medium", True),
        ("medium", "high", False),
        (None, "low", False),
        ("certain", "low", False),
    ],
)
def test_confidence_is_ordered_and_an_unknown_one_is_none(lab: Lab, got: str | None, wanted: str, passes: bool) -> None:
    case = lab.case(guards(minConfidence=wanted))
    case.situation.confidence = got
    found = {check.guard: check.state for check in evaluate(case)}
    assert (found["confidence"] == "passed") == passes


@pytest.mark.parametrize(("age_s", "passes"), [(59.9, False), (60.0, True), (-5.0, False)])
def test_age_must_reach_its_minimum(lab: Lab, age_s: float, passes: bool) -> None:
    case = lab.case()
    case.situation.opened_at = AT - age_s
    assert ("age" not in {check.guard for check in evaluate(case) if check.state == "refused"}) == passes


@pytest.mark.parametrize(("count", "passes"), [(10, True), (11, False)])
def test_storm_refuses_above_its_limit(lab: Lab, count: int, passes: bool) -> None:
    assert ("storm" not in lab.refusals(world=World(AT, open_incidents=count))) == passes


@pytest.mark.parametrize("target", ["", " ", "*", "ALL", " any ", "-", "None", "null", "unknown"])
def test_target_that_may_mean_everything_is_refused(lab: Lab, target: str) -> None:
    many = guards(maxTargets={"count": 5})
    assert "targets" in lab.refusals(many, targets=["worker-1", target], values=[Values({}, {})] * 2)


def test_no_target_is_refused(lab: Lab) -> None:
    assert list(lab.refusals(targets=[], values=[])) == ["targets"]


@pytest.mark.parametrize(
    ("targets", "limit", "members", "passes"),
    [
        (["a"], {"count": 1}, None, True),
        (["a", "b"], {"count": 1}, 100, False),
        (["a", "a"], {"count": 2}, 100, False),
        (["a"], {"count": 1, "percent": 10}, 10, True),
        (["a"], {"count": 1, "percent": 10}, 9, False),
        (["a"], {"count": 1, "percent": 10}, None, False),
        (["a"], {"count": 1, "percent": 10}, 0, False),
        (["a", "b"], {"count": 5, "percent": 50}, 4, True),
        (["a", "b", "c"], {"count": 5, "percent": 50}, 4, False),
    ],
)
def test_number_of_targets_is_bounded(
    lab: Lab, targets: list[str], limit: dict[str, float], members: int | None, passes: bool
) -> None:
    found = lab.refusals(
        guards(maxTargets=limit), targets=targets, values=[Values({}, {}) for _ in targets], world=World(AT, 1, members)
    )
    assert ("targets" not in found) == passes


@pytest.mark.parametrize(
    ("policy", "own", "passes"),
    [
        (Policy("approve"), {}, True),
        (Policy("approve", allow=["web-*"]), {}, False),
        (Policy("approve", allow=["worker-[0-9]"]), {}, True),
        (Policy("approve", allow=[]), {}, False),
        (Policy("approve", protect=["worker-*"]), {}, False),
        (Policy("approve"), {"protect": ["*-1"]}, False),
        (Policy("approve"), {"allow": ["worker-2"]}, False),
        (Policy("approve", allow=["*"]), {"allow": ["worker-?"]}, True),
        (Policy("approve", protect=["WORKER-1"]), {}, True),
    ],
)
def test_target_must_be_allowed_and_not_protected(
    lab: Lab, policy: Policy, own: dict[str, list[str]], passes: bool
) -> None:
    assert ("targets" not in lab.refusals(guards(**own), policy=policy)) == passes


def test_a_silence_over_a_target_beside_the_cause_refuses(lab: Lab) -> None:
    targets = lab.case().targets
    assert targets
    assert "silence s" in lab.refusals(world=World(AT, silenced={targets[0]: "silence s covers it"}))["windows"]
    assert "windows" not in lab.refusals(world=World(AT, silenced={"another": "silence s covers it"}))


def test_maintenance_refuses_with_its_name(lab: Lab) -> None:
    assert "window 7" in lab.refusals(world=World(AT, maintenance="window 7"))["windows"]


def test_denied_window_refuses(lab: Lab) -> None:
    """AT is Tuesday, 22:13 UTC."""
    window = {"deny": ["Mon 00:00/Mon 01:00", "Tue 22:00/Tue 23:00"]}
    assert "Tue 22:00/Tue 23:00" in lab.refusals(guards(windows=window))["windows"]
    assert "windows" not in lab.refusals(guards(windows=window), world=World(AT + 3600))


@given(st.integers(0, 10_079), st.integers(0, 10_079), st.integers(0, 4_000_000))
def test_window_holds_its_start_and_not_its_end(start: int, end: int, minute: int) -> None:
    def words(at: int) -> str:
        day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[at // 1440]
        return f"{day} {at % 1440 // 60:02}:{at % 60:02}"

    # 1970-01-05 was a Monday.
    now = (4 * 1440 + minute) * 60.0
    inside = (minute - start) % 10_080 < ((end - start) % 10_080 or 10_080)
    assert in_window(f"{words(start)}/{words(end)}", now) == inside
    assert in_window(f"{words(start)}/{words(end)}", now + 59.9) == inside


@pytest.mark.parametrize(("ago_s", "passes"), [(599.0, False), (600.0, True)])
def test_cooldown_counts_from_the_end_of_a_run_on_the_target(lab: Lab, ago_s: float, passes: bool) -> None:
    lab.run(ago_s=ago_s)
    assert ("cooldown" not in lab.refusals()) == passes


def test_cooldown_of_another_target_does_not_count(lab: Lab) -> None:
    lab.run(ago_s=10.0, targets=["worker-2"])
    assert "cooldown" not in lab.refusals()


def test_run_that_touched_nothing_counts_for_no_guard(lab: Lab) -> None:
    run = lab.run(ago_s=10.0, state="refused", incident="i1")
    run.touched = []
    assert lab.refusals() == {}


@pytest.mark.parametrize(
    ("change", "passes"),
    [({"incident": "i1"}, False), ({"incident": "i1", "version": "0.9.0"}, True), ({"incident": "i2"}, True)],
)
def test_run_for_the_same_incident_and_version_is_not_repeated(lab: Lab, change: dict[str, Any], passes: bool) -> None:
    lab.run(**change)
    assert ("repeated" not in lab.refusals()) == passes


@pytest.mark.parametrize("state", ["failed", "unknown"])
def test_breaker_opens_with_failures_and_is_half_open_after_the_cooldown(lab: Lab, state: str) -> None:
    lab.run("r1", state, ago_s=300.0, targets=["worker-9"])
    assert list(lab.refusals()) == ["breaker"]
    assert lab.refusals(guards(maxFailures=2)) == {}
    lab.run("r2", state, ago_s=200.0, targets=["worker-8"])
    assert "breaker" in lab.refusals(guards(maxFailures=2, maxRuns={"count": 9, "per": "1h"}))
    assert "breaker" not in lab.refusals(world=World(AT + 3000))


def test_breaker_is_closed_by_a_run_that_helped(lab: Lab) -> None:
    lab.run("r1", "failed", ago_s=1200.0)
    lab.run("r2", "verified", ago_s=900.0)
    assert "breaker" not in lab.refusals()


@pytest.mark.parametrize(
    ("change", "guard"),
    [
        ({"state": "running", "playbook": "other"}, "mutex"),
        ({"state": "failed", "rollback": "waiting", "playbook": "other"}, "mutex"),
        ({"state": "failed", "rollback": "running", "playbook": "other"}, "mutex"),
        ({"state": "running", "targets": ["worker-2"]}, "concurrency"),
        ({"state": "failed", "rollback": "running", "targets": ["worker-2"], "ended_at": AT - 7200}, "concurrency"),
    ],
)
def test_active_run_keeps_others_off(lab: Lab, change: dict[str, Any], guard: str) -> None:
    lab.run(**change)
    assert guard in lab.refusals()


@pytest.mark.parametrize("rollback", ["", "done", "closed"])
def test_run_that_is_over_keeps_nobody_off(lab: Lab, rollback: str) -> None:
    lab.run(state="failed", rollback=rollback, playbook="other")
    assert "mutex" not in lab.refusals()


def test_parameter_without_a_value_refuses_with_its_reason(lab: Lab) -> None:
    values = [Values({}, {"host": "no value was found"})]
    assert "host" in lab.refusals(values=values)["parameters"]


@pytest.mark.parametrize(
    ("given", "quorum", "passes"),
    [
        ([], 1, False),
        ([("ann", 10)], 1, True),
        ([("ann", 900)], 1, False),
        ([("ann", 10), ("ann", 20)], 2, False),
        ([("ann", 10), ("bob", 20)], 2, True),
        ([("ann", 10), ("bob", 901)], 2, False),
    ],
)
def test_approvals_are_of_different_people_and_fresh(
    lab: Lab, given: list[tuple[str, float]], quorum: int, passes: bool
) -> None:
    lab.history.approvals = {"plan": [Approved(actor, AT - ago_s) for actor, ago_s in given], "other": []}
    approval = {"approval": {"approvers": ["team:platform"], "quorum": quorum, "timeout": "15m"}}
    assert ("approval" not in lab.refusals(approval)) == passes


def test_approval_of_another_plan_does_not_count(lab: Lab) -> None:
    assert list(lab.refusals(plan="another")) == ["approval"]


@pytest.mark.parametrize(("ago_s", "passes"), [([3500, 3000], False), ([3600, 3000], True), ([3000], True)])
def test_rate_counts_runs_that_began_within_its_window(lab: Lab, ago_s: list[float], passes: bool) -> None:
    for number, each in enumerate(ago_s):
        lab.run(f"r{number}", ago_s=each, targets=["worker-9"])
    assert ("rate" not in lab.refusals()) == passes
