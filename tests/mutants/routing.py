"""Mutants of routing and inhibition: what would be lost in silence, sent twice, or held for ever."""

from __future__ import annotations

from tests.mutants.model import Mutant

TREE = ("tests/routing/test_tree.py",)
LABELS = ("tests/routing/test_labels.py",)
TIMES = ("tests/routing/test_intervals.py", "tests/routing/test_gates.py")
WAITS = 'if decided.change in SETTLING or (decided.change == "updated" and not _is_word(event)):'
ROUTES = ("tests/notify/test_routes.py", "tests/notify/test_policy_routes.py")
HELD = ("tests/store/test_held.py",)
INHIBITION = ("tests/notify/test_inhibition.py", "tests/notify/test_held_openings.py")
WATCHED = ("tests/engine/incidents/test_clusters.py",)


def _mutant(name: str, file: str, old: str, new: str, tests: tuple[str, ...]) -> Mutant:
    return Mutant(f"routing-{name}", f"aiops/{file}", old, new, tests)


MUTANTS: list[Mutant] = [
    _mutant(
        "a-second-stream-has-the-labels-of-the-first",
        "engine/incidents/clusters.py",
        "            labels = self._shared.mapping(alert.labels)\n            member.streams[",
        "            labels = member.labels\n            member.streams[",
        WATCHED,
    ),
    _mutant(
        "a-stream-that-is-no-news-opens-nowhere",
        "notify/held_openings.py",
        "            if self._policy.routes.count:\n",
        "            if not self._policy.routes.count:\n",
        INHIBITION,
    ),
    _mutant(
        "alerts-of-another-team-count-as-ones-own",
        "notify/routes.py",
        "return [one for one in streams if any(endpoint in node.endpoints for node in self._walk(one))]",
        "return streams",
        INHIBITION,
    ),
    _mutant("no-child-takes-it-and-nobody-does", "routing/tree.py", "return found or [self]", "return found", TREE),
    _mutant(
        "continue-is-ignored",
        "routing/tree.py",
        "if deeper and not child.route.is_continued:",
        "if deeper:",
        TREE,
    ),
    _mutant(
        "an-unknown-endpoint-is-accepted",
        "routing/tree.py",
        "if self._endpoints is not None and name not in self._endpoints:",
        "if self._endpoints is None and name not in self._intervals:",
        TREE,
    ),
    _mutant(
        "an-excluded-severity-matches",
        "routing/labels.py",
        'self.matches = (lambda stream: not is_met(stream)) if matcher.op.startswith("!") else is_met',
        "self.matches = is_met",
        LABELS,
    ),
    _mutant(
        "the-owner-of-the-topology-is-not-read",
        "routing/labels.py",
        "for place in (stream.entity, stream.workload, stream.service):",
        "for place in (stream.entity,):",
        LABELS,
    ),
    _mutant(
        "the-end-of-a-range-is-part-of-it",
        "routing/intervals.py",
        "any(begin <= minute < end for begin, end in self.minutes)",
        "any(begin <= minute <= end for begin, end in self.minutes)",
        TIMES,
    ),
    _mutant(
        "a-mute-opens-at-its-first-boundary",
        "routing/gates.py",
        "if at < one < best and not self.closed_by(one)",
        "if at < one < best",
        TIMES,
    ),
    _mutant(
        "another-zone-is-not-waited-for",
        "routing/gates.py",
        "                return min(best, found)",
        "                return best",
        TIMES,
    ),
    _mutant(
        "what-ended-opens",
        "notify/routes.py",
        "opening = self._reached([*(firing or streams), *others])",
        "opening = self._reached([*streams, *others])",
        ROUTES,
    ),
    _mutant(
        "streams-that-are-not-kept-reach-nobody",
        "notify/routes.py",
        "    if not event.unkept:\n        return []",
        "    return []",
        ROUTES,
    ),
    _mutant(
        "a-muted-route-closes-an-open-one",
        "notify/routes.py",
        "return min((node.gate.next_open(at) for node in self.nodes), default=at)",
        "return max((node.gate.next_open(at) for node in self.nodes), default=at)",
        ROUTES,
    ),
    _mutant(
        "the-end-follows-the-routes",
        "notify/policy.py",
        "if event.change not in OVER and not (aim.follows if is_known else aim.opens):",
        "if not (aim.follows if is_known else aim.opens):",
        ROUTES,
    ),
    _mutant(
        "what-no-route-leads-to-is-sent",
        "notify/policy.py",
        "            outbox.withdraw(aim.config.name, event.incident.id, SETTLING, now)\n            return None",
        "            return None",
        ROUTES,
    ),
    _mutant(
        "an-end-waits-for-the-mute",
        "notify/policy.py",
        WAITS,
        "if decided.change:",
        ROUTES,
    ),
    _mutant(
        "an-update-does-not-wait-for-the-mute",
        "notify/policy.py",
        WAITS,
        "if decided.change in SETTLING:",
        ROUTES,
    ),
    _mutant(
        "what-waits-shows-an-old-state",
        "notify/policy.py",
        "            return _freshened(aim, event, before, now)",
        "            return None",
        ROUTES,
    ),
    _mutant(
        "reminders-ignore-the-mute",
        "store/reminders.py",
        "due = (row for row in connection.execute(_REMIND, values).fetchall() if may_remind(row[-1]))",
        "due = iter(connection.execute(_REMIND, values).fetchall())",
        (*ROUTES, "tests/notify/test_reminders.py"),
    ),
    _mutant(
        "a-route-without-reminders-reminds",
        "store/reminders.py",
        "nullif(json_extract(cast(o.plan as text), '$.repeat_s'), 0)",
        "coalesce(json_extract(cast(o.plan as text), '$.repeat_s'), 0)",
        ROUTES,
    ),
    _mutant(
        "what-was-opened-is-held",
        "notify/policy.py",
        'if decided.begins and "note" not in event.what:',
        'if "note" not in event.what:',
        (*INHIBITION, "tests/notify/test_inhibition_properties.py"),
    ),
    _mutant(
        "one-inhibited-alert-holds-the-incident",
        "notify/inhibition.py",
        "            if found is None:\n                return None\n            first = first or found",
        "            first = first or found",
        INHIBITION,
    ),
    _mutant(
        "an-alert-inhibits-itself",
        "notify/inhibition.py",
        "if not (is_both and rule.is_target(source)):",
        "if not is_both or rule.is_target(source):",
        INHIBITION,
    ),
    _mutant(
        "a-circle-holds-all",
        "notify/inhibition.py",
        "            is_root = False\n",
        "",
        INHIBITION,
    ),
    _mutant(
        "what-stopped-firing-inhibits-on",
        "notify/inhibition.py",
        "        for place in known:\n            place.pop(fingerprint, None)\n",
        "",
        INHIBITION,
    ),
    _mutant(
        "a-less-severe-cause-mutes",
        "notify/inhibition.py",
        " or state.severity < question.target.severity:",
        ":",
        INHIBITION,
    ),
    _mutant(
        "a-cause-that-nobody-knows-mutes",
        "notify/inhibition.py",
        "return question.outbox.is_announced(question.endpoint, incident, question.now + ABOUT_S)",
        "return True",
        INHIBITION,
    ),
    _mutant(
        "a-part-is-muted-by-the-whole",
        "notify/inhibition.py",
        "if kind not in KINDS or below in own:",
        "if below in own:",
        INHIBITION,
    ),
    _mutant(
        "what-outlives-its-cause-stays-held",
        "notify/held_openings.py",
        "            return outbox.release(waiting.endpoint, waiting.incident, due_at, now)",
        "            return False",
        INHIBITION,
    ),
    _mutant(
        "a-reload-is-not-noticed",
        "notify/held_openings.py",
        "everything=rules != self._seen or self._is_changed",
        "everything=self._is_changed",
        INHIBITION,
    ),
    _mutant(
        "a-quiet-incident-is-released",
        "notify/held_openings.py",
        "        if waiting.held is not None and is_quiet(target):\n            return False\n",
        "",
        INHIBITION,
    ),
    _mutant(
        "a-held-row-is-claimed",
        "store/outbox.py",
        "and due_at <= ? and held is null\n",
        "and due_at <= ?\n",
        HELD,
    ),
    _mutant(
        "an-update-releases-what-is-held",
        "store/outbox.py",
        '" due_at = case when held is null then min(due_at, ?) else due_at end where id = ?"',
        '" due_at = min(due_at, ?) where id = ?"',
        HELD,
    ),
    _mutant(
        "what-is-in-flight-is-held",
        "store/outbox_transaction.py",
        "        if self._table.is_in_flight(endpoint, incident):\n            return False\n",
        "",
        HELD,
    ),
    _mutant(
        "a-failed-attempt-stays-held",
        "store/outbox.py",
        '            " held = null"\n',
        '            " last_error = last_error"\n',
        HELD,
    ),
    _mutant(
        "what-was-not-delivered-announces",
        "store/held.py",
        'return state == "sent" or (state == "due" and reason is None and due_at <= by)',
        'return state != "due" or (reason is None and due_at <= by)',
        HELD,
    ),
    _mutant(
        "a-member-that-gets-worse-is-not-noticed",
        "engine/incidents/clusters.py",
        "        if self._fired is not None and member.firing > 0:",
        "        if self._fired is None and member.firing > 0:",
        WATCHED,
    ),
]
