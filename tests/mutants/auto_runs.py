"""Mutants of runs without a person: each guard that replaces the approval, evidence, shadow, clocks and crash loops."""

from __future__ import annotations

from tests.mutants.model import Mutant

MODE = ("tests/respond/test_mode_guards.py",)
CORROBORATION = ("tests/respond/test_corroboration.py",)
FLEET = ("tests/engine/test_fleet.py",)
FIRSTS = ("tests/models/test_cause_first_suspects.py",)
STORM = ("tests/respond/test_storm_guard.py",)
PAST = ("tests/respond/test_history_guards.py",)
TARGETS = ("tests/respond/test_target_guards.py",)
LOG = ("tests/respond/test_decision_log.py",)
GUARDS = ("tests/respond/test_guards.py",)
EVIDENCE = ("tests/respond/test_evidence.py",)
BACK = ("tests/respond/test_reversible.py",)
HISTORY = ("tests/respond/test_history.py",)
ENGINE = ("tests/respond/test_auto_runs.py",)
TRIALS = ("tests/respond/test_trials.py",)
R = "aiops/respond/"


def _gone(guard: str, function: str, tests: tuple[str, ...]) -> Mutant:
    """A guard that nobody asks."""
    line = f'    ("{guard}", {function}),\n'
    return Mutant(f"auto-no-guard-{guard.replace(' ', '-')}", f"{R}guards.py", line, "", tests)


MUTANTS: list[Mutant] = [
    _gone("kill switch", "_switch", GUARDS),
    _gone("audit trail", "_trail", GUARDS),
    _gone("mode", "mode_guards.mode", MODE),
    _gone("match", "_match", GUARDS),
    _gone("confidence", "mode_guards.confidence", MODE),
    _gone("corroboration", "corroboration", CORROBORATION),
    _gone("age", "mode_guards.age", MODE),
    _gone("storm", "storm_guard.storm", STORM),
    _gone("targets", "target_guards.targets", TARGETS),
    _gone("windows", "target_guards.windows", GUARDS),
    _gone("gitops", "target_guards.gitops", TARGETS),
    _gone("state", "_state", ("tests/kubernetes/test_bound_runs.py",)),
    _gone("cooldown", "history_guards.cooldown", PAST),
    _gone("breaker", "history_guards.breaker", GUARDS),
    _gone("ineffective", "history_guards.ineffective", PAST),
    _gone("concurrency", "history_guards.concurrency", GUARDS),
    _gone("parameters", "_parameters", GUARDS),
    _gone("approval", "_approval", GUARDS),
    _gone("rate", "history_guards.rate", PAST),
    _gone("verification", "mode_guards.verification", MODE),
    Mutant(
        "auto-a-raw-score-is-a-certainty",
        f"{R}mode_guards.py",
        "    if found is None:\n        why",
        "    if found is None and not case.situation.confidence:\n        why",
        MODE,
    ),
    Mutant(
        "auto-no-number-is-certain",
        f"{R}mode_guards.py",
        "if not found.bound >= least:",
        "if found.bound < least:",
        MODE,
    ),
    Mutant(
        "auto-an-old-incident-is-new",
        f"{R}mode_guards.py",
        "if case.is_alone and not case.world.now - since <= seconds(most):",
        "if case.is_alone and case.world.now < since:",
        MODE,
    ),
    Mutant(
        "auto-any-alert-is-on-the-target",
        f"{R}corroboration.py",
        "own = [fact for fact in facts if _is_of(fact, target, case.situation)]",
        "own = facts",
        CORROBORATION,
    ),
    Mutant(
        "auto-an-alert-that-ended-is-on-the-target",
        f"{R}corroboration.py",
        "if not any(firing is None or (fact.entity, fact.name) in firing for fact in own):",
        "if not own:",
        CORROBORATION,
    ),
    Mutant(
        "auto-what-suffers-is-the-cause",
        f"{R}corroboration.py",
        "found = (one.fact for one in now.seen if one.fact.entity in below",
        "found = (one.fact for one in now.seen if one.fact.entity in below and False",
        CORROBORATION,
    ),
    Mutant(
        "auto-only-a-direct-dependency-counts",
        f"{R}corroboration.py",
        "                edge.append(other)\n",
        "",
        CORROBORATION,
    ),
    Mutant(
        "auto-a-replica-is-no-part",
        f"{R}corroboration.py",
        "dict.fromkeys([target, *replicas])",
        "dict.fromkeys([target])",
        CORROBORATION,
    ),
    Mutant(
        "auto-an-incident-settles-while-it-grows",
        "aiops/engine/fleet.py",
        "return all(member.first_at < since for member in cluster.members.values())",
        "return True",
        FLEET,
    ),
    Mutant(
        "auto-one-silence-ends-an-alert",
        "aiops/engine/fleet.py",
        "max(SILENT_S, SILENT_TIMES * usual_s)",
        "SILENT_S",
        FLEET,
    ),
    Mutant(
        "auto-noise-is-no-miss",
        "models/aiops_models/causes/ranker.py",
        "self._firsts.learn(view.id, kind, False)",
        "self._firsts.forget(view.id)",
        FIRSTS,
    ),
    Mutant(
        "auto-a-kind-borrows-from-others",
        "models/aiops_models/causes/first_suspects.py",
        "for one, is_cause in self._outcomes.values() if one == kind]",
        "for one, is_cause in self._outcomes.values()]",
        FIRSTS,
    ),
    Mutant(
        "auto-a-bound-for-one-look",
        "aiops/score/least_rate.py",
        "if mixed - likely >= -log(ALPHA):",
        "if likely <= log(0.05):",
        FIRSTS,
    ),
    Mutant(
        "auto-any-bound-of-decisions-is-enough",
        f"{R}trials.py",
        "if not self.bound >= least:",
        "if self.bound is None:",
        TRIALS,
    ),
    Mutant(
        "auto-a-playbook-hides-in-the-pool",
        f"{R}trials.py",
        "if self.own_right < least * self.own:",
        "if self.own_right < 0:",
        TRIALS,
    ),
    Mutant(
        "auto-a-playbook-without-outcomes-hides-in-the-pool",
        f"{R}trials.py",
        "if self.own < MIN_OWN:",
        "if self.own < 0:",
        TRIALS,
    ),
    Mutant(
        "auto-people-may-review-what-went-well",
        f"{R}trials.py",
        "self.reviewed < MIN_REVIEWED * self.incidents:",
        "self.incidents < MIN_OUTCOMES:",
        TRIALS,
    ),
    Mutant(
        "auto-an-incident-is-right-if-one-decision-was",
        f"{R}trials.py",
        "    if any(one.right is False for one in trials):\n",
        "    if trials and all(one.right is False for one in trials):\n",
        TRIALS,
    ),
    Mutant(
        "auto-decisions-are-of-any-content",
        f"{R}trials.py",
        "if bodies.get(one.playbook) == one.body:",
        "if one.playbook in bodies:",
        TRIALS,
    ),
    Mutant(
        "auto-noise-had-the-cause-that-was-confirmed",
        f"{R}trials.py",
        "    if is_noise:\n",
        "    if is_noise and not cause:\n",
        TRIALS,
    ),
    Mutant(
        "auto-one-target-on-the-cause-is-enough",
        f"{R}trials.py",
        "return all(_is_of(target",
        "return any(_is_of(target",
        TRIALS,
    ),
    Mutant(
        "auto-a-contrary-review-does-not-replace",
        f"{R}history.py",
        "        if found is not None:\n            # The last",
        "        if found is not None and found.right is None:\n            # The last",
        TRIALS,
    ),
    Mutant(
        "auto-a-trial-is-any-refusal",
        f"{R}decisions.py",
        "codes & _MEASURED) and codes <= _MEASURED | _OPERATOR",
        "codes & _MEASURED)",
        TRIALS,
    ),
    Mutant(
        "auto-a-confirmed-cause-is-a-trial",
        f"{R}history.py",
        'if not data.get("trial") or key',
        "if key",
        TRIALS,
    ),
    Mutant("auto-nobody-promoted-it", f"{R}mode_guards.py", 'if level != "auto":', 'if level == "suggest":', MODE),
    Mutant(
        "auto-the-configuration-undoes-a-demotion",
        f"{R}mode_guards.py",
        "    if recorded is not None:\n        return recorded.mode\n",
        "",
        MODE,
    ),
    Mutant(
        "auto-few-runs-are-enough",
        f"{R}mode_guards.py",
        "if evidence.judged < wanted.min_verified_runs:",
        "if not evidence.judged:",
        MODE,
    ),
    Mutant(
        "auto-the-rate-itself-is-the-bound",
        f"{R}mode_guards.py",
        "if evidence.low < wanted.min_success:",
        "if evidence.verified / evidence.judged < wanted.min_success:",
        MODE,
    ),
    Mutant(
        "auto-evidence-is-for-any-content",
        f"{R}evidence.py",
        "runs = [run for run in history.of_playbook(playbook.name) if run.body == body]",
        "runs = history.of_playbook(playbook.name)",
        MODE,
    ),
    Mutant(
        "auto-unknown-ends-are-no-failures",
        f"{R}evidence.py",
        'run.state in ("failed", "unknown")',
        'run.state == "failed"',
        EVIDENCE,
    ),
    Mutant(
        "auto-a-rollback-is-not-needed", f"{R}reversible.py", "    if not playbook.rollback:\n", "    if False:\n", BACK
    ),
    Mutant(
        "auto-the-author-vouches-for-the-rollback",
        f"{R}reversible.py",
        "    if playbook.name in vouched:\n",
        "    if playbook.reversible:\n",
        BACK,
    ),
    Mutant(
        "auto-the-table-of-a-kind-is-not-read",
        f"{R}reversible.py",
        "if not kind_of(step).effect(step).reversible), None)",
        "if not kind_of(step)), None)",
        BACK,
    ),
    Mutant(
        "auto-a-person-at-work-is-ignored", f"{R}mode_guards.py", "    if case.world.person:\n", "    if False:\n", MODE
    ),
    Mutant(
        "auto-a-rejection-is-ignored",
        f"{R}mode_guards.py",
        "    if playbook.name in case.world.rejected:\n",
        "    if False:\n",
        MODE,
    ),
    Mutant(
        "auto-shadow-mode-sends",
        f"{R}mode_guards.py",
        'if policy.mode == "shadow" and case.by != "shadow":',
        'if policy.mode == "shadow" and case.by == "person":',
        MODE,
    ),
    Mutant(
        "auto-the-switch-is-not-for-the-engine",
        f"{R}guards.py",
        'if case.by != "shadow" else None',
        'if case.by == "person" else None',
        ENGINE,
    ),
    Mutant("auto-a-quiet-alert-is-acted-on", f"{R}guards.py", "if is_over else None", "if not facts else None", MODE),
    Mutant(
        "auto-the-share-of-the-fleet-is-ignored",
        f"{R}storm_guard.py",
        "if alerting >= MIN_ALERTING and known and",
        "if not known and",
        STORM,
    ),
    Mutant(
        "auto-a-fleet-of-unknown-size-is-calm",
        f"{R}storm_guard.py",
        "if case.is_alone and not case.world.known:",
        "if case.is_alone and case.world.known is None:",
        STORM,
    ),
    Mutant(
        "auto-a-storm-has-no-aftermath", f"{R}storm_guard.py", "if since >= seconds(wait):", "if since >= 0.0:", STORM
    ),
    Mutant(
        "auto-a-recorded-storm-is-forgotten",
        f"{R}storm_guard.py",
        "    if last.active:\n",
        "    if last.active and not last.why:\n",
        STORM,
    ),
    Mutant(
        "auto-labels-of-alerts-are-not-read",
        f"{R}target_guards.py",
        "case.world.managed.get(target) or _by_labels(case, target)",
        "case.world.managed.get(target)",
        TARGETS,
    ),
    Mutant(
        "auto-an-incident-has-two-runs-at-once",
        f"{R}history_guards.py",
        "if case.is_alone else ():",
        'if case.by == "nobody" else ():',
        PAST,
    ),
    Mutant(
        "auto-a-chain-is-any-number-of-runs",
        f"{R}evidence.py",
        'if run.state != "verified" or back - run.ended > RECURS_S:',
        'if run.state != "verified":',
        PAST,
    ),
    Mutant(
        "auto-a-step-of-the-clock-is-time",
        f"{R}history.py",
        "            run.shifted += step\n",
        "            pass\n",
        PAST,
    ),
    Mutant(
        "auto-a-clock-set-back-while-nothing-ran-is-time",
        f"{R}run_core.py",
        "self.log.step_clock(min(0.0, now - self.history.high_water), now)",
        "pass",
        ENGINE,
    ),
    Mutant(
        "auto-a-failure-keeps-its-promotion",
        f"{R}history.py",
        'if run.by == "engine" and run.state in ("failed", "unknown"):',
        'if run.by == "engine" and run.state == "failed" and run.rollback:',
        HISTORY,
    ),
    Mutant(
        "auto-crashes-are-not-counted", f"{R}decision_log.py", "len(lately) < CRASHES:", "len(lately) > CRASHES:", LOG
    ),
    Mutant(
        "auto-a-crash-loop-is-not-stopped",
        "aiops/daemon/runs.py",
        "        if looping is not None:\n",
        "        if looping is None and not self._is_begun:\n",
        ("tests/daemon/test_runs_alone.py::test_a_crash_loop_stops_everything_until_a_person_resumes",),
    ),
    Mutant(
        "auto-nobody-is-called-for-what-was-resolved",
        "aiops/app/runs.py",
        "if page and found is not None and not found.applied:",
        "if page and found is None:",
        ("tests/app/test_runs.py",),
    ),
    Mutant(
        "auto-an-orderly-end-is-a-crash",
        f"{R}history.py",
        "        self.starts = self.starts[:-1]\n",
        "        pass\n",
        LOG,
    ),
    Mutant(
        "auto-the-state-is-not-read-again",
        f"{R}switches.py",
        "self._still is None or self._is_acting():",
        "self._still is None or self._is_acting() is False:",
        ENGINE,
    ),
    Mutant(
        "auto-a-decision-fills-the-trail",
        f"{R}decision_log.py",
        "        if len(mine) >= MAX_DECISIONS_EACH:\n            return False\n",
        "",
        LOG,
    ),
    Mutant(
        "auto-another-plan-than-the-decided-one-runs",
        f"{R}runs.py",
        'if approved == (plan.base if by == "engine" else plan.id):',
        'if by == "engine" or approved == plan.id:',
        ENGINE,
    ),
    Mutant(
        "respond-a-step-without-an-answer-is-rolled-back-at-once",
        "aiops/respond/rollback.py",
        'state == "stopped" or bool(outcome.unknown) or self',
        'state == "stopped" or self',
        ("tests/respond/test_rollback.py::test_a_step_without_an_answer_is_not_undone_beside_itself",),
    ),
]
