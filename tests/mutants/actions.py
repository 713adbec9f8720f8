"""Mutants of the work of people on incidents: what binds the engine, what can be undone, who is notified."""

from __future__ import annotations

from tests.mutants.model import Mutant

REGROUPED = ("tests/engine/test_regrouping_actions.py", "tests/engine/incidents/test_regrouping.py")
UNDONE = ("tests/engine/test_undo_actions.py", "tests/engine/incidents/test_absorbed.py")
WORKED = ("tests/engine/test_work_actions.py", "tests/engine/incidents/test_handling.py")
NOTIFIED = ("tests/notify/test_actions_of_people.py",)
REGROUPING = "aiops/engine/incidents/regrouping.py"
UNDO = "aiops/engine/undo_actions.py"
POLICY = "aiops/notify/policy.py"

LESSONS = "aiops/engine/correlate/lessons.py"
TAUGHT = ("tests/engine/correlate/test_lessons.py", "tests/engine/test_grouping_lessons.py")

MUTANTS: list[Mutant] = [
    Mutant("lessons-outlive-undo", UNDO, "{self.lessons.undone(deed.id)}", "", TAUGHT),
    Mutant(
        "lessons-have-no-bound",
        LESSONS,
        "return max(-MOST_AGAINST, min(MOST_AGAINST, value))",
        "return 9.0 * value",
        TAUGHT,
    ),
    Mutant("lessons-of-one-incident-flood", LESSONS, "len(alike) >= MAX_EACH or ", "", TAUGHT),
    Mutant("lessons-count-twice", LESSONS, " or any(_is_same(one, lesson) for one in alike)", "", TAUGHT),
    Mutant("lessons-are-kept-for-ever", LESSONS, "[1 - MAX_LESSONS :]", "", TAUGHT),
    Mutant("lessons-never-fade", LESSONS, "exp(-LN_2 / HALF_LIFE_DAYS * age) if age > 0 else 1.0", "1.0", TAUGHT),
    Mutant("lessons-carry-single-votes-over-in-full", LESSONS, "error = SURE *", "error = 0.0 *", TAUGHT),
    Mutant(
        "lessons-of-another-model-are-served",
        "aiops/engine/model_slots.py",
        "if algorithm != ALGORITHM:",
        "if False:",
        ("tests/engine/test_model_slots.py",),
    ),
    Mutant("lessons-stay-behind-when-forgotten", LESSONS, "        self.streams.clear()\n", "", TAUGHT),
    Mutant(
        "lessons-apply-when-switched-off", LESSONS, "if not self.all or not self.applies:", "if not self.all:", TAUGHT
    ),
    Mutant(
        "lessons-of-refused-judgements",
        "aiops/engine/incident_actions.py",
        "        check_members(cluster, right | wrong, now)\n",
        "",
        TAUGHT,
    ),
    Mutant("actions-parted-clusters-merge", REGROUPING, "        self.grouping.part(source, part)\n", "", REGROUPED),
    Mutant(
        "actions-evidence-merges-what-a-person-parted",
        "aiops/engine/incidents/merging.py",
        "if self.grouping.apart and self.grouping.are_apart(target, source):",
        "if False:",
        REGROUPED,
    ),
    Mutant(
        "actions-later-alerts-leave-the-merge",
        "aiops/engine/incidents/assignment.py",
        'return home if home is not None and self.incidents.is_open(home.incident or "") else None',
        "return None",
        REGROUPED,
    ),
    Mutant(
        "actions-a-merge-binds-nothing",
        REGROUPING,
        "        self.grouping.bind(source.members.values(), target.number)\n",
        "",
        REGROUPED,
    ),
    Mutant(
        "actions-a-part-keeps-the-worst-severity",
        REGROUPING,
        "        if not source.overflow:",
        "        if False:",
        REGROUPED,
    ),
    Mutant(
        "actions-the-clusters-lead-elsewhere",
        REGROUPING,
        "self.clusters.alias[number] = part.number",
        "pass",
        REGROUPED,
    ),
    Mutant(
        "actions-all-is-split-out",
        "aiops/engine/regrouping_actions.py",
        "if len(members) == len(cluster.members) and not cluster.overflow:",
        "if False:",
        REGROUPED,
    ),
    Mutant(
        "actions-a-storm-is-split",
        "aiops/engine/regrouping_actions.py",
        "    if cluster.storm is not None:",
        "    if False:",
        REGROUPED,
    ),
    Mutant("actions-undo-has-no-end", UNDO, "if moment.now - deed.at > UNDO_S:", "if False:", UNDONE),
    Mutant(
        "actions-an-older-action-is-undone-first",
        UNDO,
        "        if not wanted or wanted == last.id:",
        "        if True:",
        UNDONE,
    ),
    Mutant(
        "actions-a-refused-undo-loses-the-deed",
        UNDO,
        "                one.deeds = [*one.deeds, deed]",
        "                pass",
        UNDONE,
    ),
    Mutant(
        "actions-what-was-not-kept-is-given-back",
        "aiops/engine/incidents/absorbed.py",
        "made.is_whole = not cluster.overflow and",
        "made.is_whole = True or",
        UNDONE,
    ),
    Mutant(
        "actions-a-snooze-hides-what-is-critical",
        "aiops/engine/incidents/lifecycle.py",
        "if cluster.severity >= Severity.CRITICAL and self.handling.end_snooze(incident.id):",
        "if False:",
        WORKED,
    ),
    Mutant(
        "actions-a-snooze-lasts-for-ever",
        "aiops/engine/work_actions.py",
        "moment.now < until <= moment.now + MAX_SNOOZE_S",
        "moment.now < until",
        WORKED,
    ),
    Mutant(
        "actions-a-snooze-ends-in-silence",
        "aiops/engine/incidents/snoozes.py",
        '            incidents.updated(incident, ["status", "snoozed"], moment, said)',
        '            incidents.updated(incident, ["status", "snoozed"], moment)',
        WORKED,
    ),
    Mutant(
        "actions-a-split-rings",
        POLICY,
        "return Notification(MOVED, now,",
        'return Notification("opened", now,',
        NOTIFIED,
    ),
    Mutant(
        "actions-a-person-reopens-with-a-ring",
        POLICY,
        'if event.by_person and event.change == "reopened":',
        "if False:",
        NOTIFIED,
    ),
    Mutant(
        "actions-a-snooze-lets-updates-through",
        POLICY,
        "or event.incident.snoozed_until is not None\n",
        "or False\n",
        NOTIFIED,
    ),
]
