"""Certainty by decisions: reviewed incidents count once, half of them must be reviewed, and each playbook answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aiops.ports import AlertFact
from aiops.respond.audit import Entry
from aiops.respond.calls import body_of
from aiops.respond.decisions import decide
from aiops.respond.evidence import evidence_of
from aiops.respond.guard_case import Certainty
from aiops.respond.guards import evaluate
from aiops.respond.history import MAX_TRIALS, History, Trial
from aiops.respond.run_states import trial_key
from aiops.respond.trials import OWN, latest_bodies, record_of, review
from aiops.score.least_rate import MAX_OUTCOMES, MIN_OUTCOMES, lower
from aiops.topology import Edge, Node, Topology
from tests.respond.alone import AT, NAME, Alone, lowered, playbook
from tests.respond.test_decision_log import Log, decision
from tests.respond.test_decisions import planner, world

SITE = Topology.build([Node("web", "service"), Node("web-0", "pod")], [Edge("web-0", "web", "part_of")])


@pytest.fixture
def alone(samples: SimpleNamespace) -> Alone:
    found = Pool(samples)
    found.world.certainty = None
    return found


def tried(history: History, incident: str, right: bool | None, book: str = NAME, body: str = "", on: str = "a") -> None:
    key = trial_key(book, incident, [on])
    history.trials[key] = Trial(AT, book, body, incident, [on], right)


def outcomes(found: Alone, right: int, wrong: int = 0, none: int = 0, book: str = NAME) -> None:
    """So many reviewed incidents, the wrong ones last."""
    body = body_of(found.book) if book == NAME else "other"
    for number, one in enumerate([*[None] * none, *[True] * right, *[False] * wrong]):
        tried(found.history, f"{book}-{number}", one, book, body)


class Pool(Alone):
    """With another playbook in the catalogue."""

    def case(self) -> Any:
        made = super().case()
        made.bodies = {NAME: body_of(self.book), "other": "other"}
        return made


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        (MIN_OUTCOMES - 1, 0, "confidence_uncalibrated"),
        (63, 0, "confidence_unproven"),
        (64, 0, None),
        (88, 1, None),
        (87, 1, "confidence_unproven"),
    ],
)
def test_decisions_that_were_right_often_enough_are_certain(
    samples: SimpleNamespace, right: int, wrong: int, code: str | None
) -> None:
    alone = Pool(samples)
    alone.world.certainty = None
    outcomes(alone, 10)
    outcomes(alone, right - 10 if right > 10 else 0, wrong, book="other")
    if right < MIN_OUTCOMES:
        alone.history.trials.pop(trial_key(NAME, f"{NAME}-0", ["a"]))
    assert alone.codes() == ([code] if code else [])
    # The bound is read again at the one that a site asks for.
    lowered(alone, min_certainty=0.5)
    assert alone.codes() == (["confidence_uncalibrated"] if right < MIN_OUTCOMES else [])


def test_the_refusal_has_the_counts(samples: SimpleNamespace) -> None:
    alone = Pool(samples)
    outcomes(alone, 40)
    alone.world.certainty = Certainty(0.7, 30)
    [check] = [check for check in decide_checks(alone) if check.code]
    assert check.reason == (
        "a suspect like this was the cause in at least 70% of incidents here, 90% is required; of 40 reviewed "
        "decisions that nothing else refused 40 were right: at least 85%, 90% is required"
    )


def decide_checks(found: Alone) -> list[Any]:
    return evaluate(found.case())


def test_a_suspect_like_it_may_still_be_certain(alone: Alone) -> None:
    outcomes(alone, 5, 20)
    alone.world.certainty = Certainty(0.9, 64)
    assert alone.codes() == []


@pytest.mark.parametrize(("own", "own_wrong", "passes"), [(4, 0, False), (5, 0, True), (18, 2, True), (17, 3, False)])
def test_a_good_pool_does_not_cover_a_playbook_that_is_not(
    samples: SimpleNamespace, own: int, own_wrong: int, passes: bool
) -> None:
    alone = Pool(samples)
    alone.world.certainty = None
    outcomes(alone, 200, book="other")
    outcomes(alone, own, own_wrong)
    assert alone.codes() == ([] if passes else ["confidence_unproven"])


def test_only_the_last_own_outcomes_speak(samples: SimpleNamespace) -> None:
    alone = Pool(samples)
    alone.world.certainty = None
    body = body_of(alone.book)
    for number in range(5):
        tried(alone.history, f"old-{number}", False, body=body)
    outcomes(alone, OWN)
    outcomes(alone, 230, book="other")
    assert alone.codes() == []


def test_what_too_few_people_review_shows_nothing(alone: Alone) -> None:
    outcomes(alone, 100, none=100)
    assert alone.codes() == []
    tried(alone.history, "one more", None, body=body_of(alone.book))
    assert alone.codes() == ["confidence_uncalibrated"]
    assert "100 of 201 incidents with such a decision were reviewed" in decide_checks(alone)[5].reason


def test_trials_of_another_content_count_for_nothing(samples: SimpleNamespace) -> None:
    alone = Pool(samples)
    alone.world.certainty = None
    outcomes(alone, 100)
    assert alone.codes() == []
    for one in alone.history.trials.values():
        one.body = "as it was"
    outcomes(alone, 100, book="other")
    assert alone.codes() == ["confidence_unproven"]
    assert record_of(alone.history.trials.values(), {"other": "other"}).reviewed == 100


def test_an_incident_counts_once_and_is_wrong_if_any_decision_was() -> None:
    history = History()
    tried(history, "i1", True, on="a")
    tried(history, "i1", False, on="b")
    tried(history, "i2", True, on="a")
    tried(history, "i2", True, on="b")
    tried(history, "i3", True, on="a")
    tried(history, "i3", None, on="b")
    found = record_of(history.trials.values(), latest_bodies(history.trials.values()), NAME)
    assert (found.incidents, found.reviewed, found.right) == (3, 2, 1)
    assert (found.own, found.own_right, found.bound) == (2, 1, None)


def test_the_latest_incidents_count() -> None:
    history = History()
    for number in range(MAX_OUTCOMES + 50):
        tried(history, f"i{number}", number >= 50)
    found = record_of(history.trials.values(), {NAME: ""})
    assert (found.reviewed, found.right) == (MAX_OUTCOMES, MAX_OUTCOMES)
    assert found.bound == lower(MAX_OUTCOMES, 0)


@pytest.mark.parametrize(
    ("targets", "cause", "is_noise", "right"),
    [
        (["web-0"], "", False, None),
        (["web-0"], "", True, False),
        (["web-0"], "web-0", True, False),
        (["web-0"], "web", False, True),
        (["pods/web-0"], "web-0", False, True),
        (["web"], "web-0", False, False),
        (["web-0", "db"], "web", False, False),
        (["job-x7"], "job", False, True),
        (["job-x8"], "job", False, False),
    ],
)
def test_every_target_must_be_the_confirmed_cause_or_belong_to_it(
    targets: list[str], cause: str, is_noise: bool, right: bool | None
) -> None:
    fact = AlertFact("job-x7", "Slow", 3, 1, AT, AT, workload="job")
    assert review(targets, cause, is_noise, [fact], SITE) is right


@pytest.mark.parametrize(
    ("changes", "is_trial"),
    [
        ({"certainty": None}, True),
        ({"certainty": Certainty(0.5, 40)}, True),
        ({}, False),
        ({"certainty": None, "person": "bob"}, False),
        ({"certainty": None, "storm": "many incidents"}, False),
    ],
)
def test_a_trial_is_what_nothing_but_certainty_refuses(
    samples: SimpleNamespace, changes: dict[str, object], is_trial: bool
) -> None:
    assert decision(samples, **changes).is_trial is is_trial
    stopped = planner(samples, History())
    found = decide(stopped, samples.view("WorkerHangs"), NAME, world(**changes))
    assert (found.code, found.is_trial) == ("kill_switch", is_trial), "what the operator permits is another matter"


def test_a_trial_is_one_line_and_the_last_review_counts(samples: SimpleNamespace, log: Log) -> None:
    found, book = decision(samples, certainty=None), playbook(samples)
    for _ in range(3):
        log.log.trial(found, book, AT)
    assert [kind for kind, _ in log.lines] == ["trial"]
    [trial] = log.history.trials.values()
    assert (trial.playbook, trial.body, trial.targets, trial.right) == (NAME, body_of(book), ["worker-1"], None)
    for right, answer in ((True, "worker-1"), (True, "worker-1"), (False, "db"), (None, "")):
        log.log.review(trial, right, answer, AT)
        assert (trial.right, trial.answer) == (right, answer)
    assert [kind for kind, _ in log.lines] == ["trial", "reviewed", "reviewed", "reviewed"]
    evidence = evidence_of(log.history, book)
    assert (evidence.trials, evidence.reviewed, evidence.right) == (1, 0, 0)
    log.log.step_clock(100.0, AT)
    assert trial.at == AT + 100.0


def test_a_shadow_is_a_trial_unless_the_cause_was_confirmed(samples: SimpleNamespace, log: Log) -> None:
    found, book = decision(samples), playbook(samples)
    log.log.shadow(found, book, AT, is_trial=False)
    assert not log.history.trials, "it repeats what a person answer"
    log.log.shadow(found, book, AT)
    log.log.trial(found, book, AT)
    assert [kind for kind, _ in log.lines] == ["shadow", "shadow"]
    assert len(log.history.trials) == 1


def test_trials_are_bounded(log: Log) -> None:
    for number in range(MAX_TRIALS + 1):
        data = {"playbook": NAME, "body": "", "incident": f"i{number}", "targets": ["a"], "trial": True}
        log.history.apply(Entry(number, AT, "trial", data, ""))
    assert len(log.history.trials) == MAX_TRIALS
    assert trial_key(NAME, "i0", ["a"]) not in log.history.trials


@pytest.fixture
def log() -> Log:
    return Log()
