"""Mutants of notifications: the policy, the outbox, the worker and its retries, the breaker, and storms."""

from __future__ import annotations

from tests.mutants.model import Mutant

NEWS = ("tests/daemon/test_news.py", "tests/daemon/test_telling.py", "tests/deliver/test_telling.py")
WORKER = ("tests/deliver/test_worker.py", "tests/deliver/test_reminders.py")
OUTBOX = ("tests/store/test_outbox.py", "tests/daemon/test_news.py", "tests/deliver/test_telling.py")
ENGINE = ("tests/engine/test_news.py",)
STORM = ("tests/engine/test_storm.py", "tests/engine/test_news.py")
PRESENT = ("tests/daemon/test_present.py",)
WAKING = ("tests/engine/test_waking.py",)

MUTANTS: list[Mutant] = [
    Mutant(
        "notify-warnings-page-a-pager-of-criticals",
        "aiops/daemon/news.py",
        "[one for one in event.named if one.level >= least and _is_new(one, before.spoken)]",
        "[one for one in event.named if _is_new(one, before.spoken)]",
        NEWS,
    ),
    Mutant(
        "notify-a-new-service-is-no-news",
        "aiops/daemon/news.py",
        "one.level > told.names.get(one.name, -1) or one.level > told.places.get(one.place, -1)",
        "one.level > told.names.get(one.name, -1)",
        NEWS,
    ),
    Mutant(
        "notify-another-suspect-is-no-news",
        "aiops/daemon/news.py",
        "if cause is not None and cause != before.cause:",
        "if cause is not None and before.cause is None:",
        NEWS,
    ),
    Mutant(
        "notify-what-was-told-is-forgotten",
        "aiops/daemon/telling.py",
        'return Decided("updated", due_at, news.lines, spoken(before.spoken, event.named, least))',
        'return Decided("updated", due_at, news.lines, before.spoken)',
        NEWS,
    ),
    Mutant(
        "notify-drops-news-beyond-the-cap",
        "aiops/daemon/telling.py",
        "        every_s = max(every_s, SLOW_EVERY_S)",
        "        return None",
        NEWS,
    ),
    Mutant(
        "notify-more-news-moves-what-waits-back",
        "aiops/daemon/telling.py",
        "        due_at = min(due_at, before.waiting_due_at)",
        "        pass",
        NEWS,
    ),
    Mutant(
        "notify-a-rise-waits-for-the-digest",
        "aiops/daemon/telling.py",
        "    if news.rises:",
        "    if False:",
        NEWS,
    ),
    Mutant(
        "notify-ends-that-nobody-wants",
        "aiops/daemon/telling.py",
        "        if not endpoint.send_resolved:",
        "        if False:",
        NEWS,
    ),
    Mutant(
        "outbox-an-acknowledgement-swallows-news",
        "aiops/store/outbox.py",
        '                if entry.change == "acknowledged":\n                    self._hasten(connection, entry, now)',
        '                if entry.change == "acknowledged":\n'
        "                    self.supersede(connection, entry.endpoint, entry.incident, entry.version, now)",
        OUTBOX,
    ),
    Mutant(
        "outbox-what-waits-counts-as-told",
        "aiops/store/outbox.py",
        "        kept = [row for row in found if row[0] not in waiting]",
        "        kept = list(found)",
        OUTBOX,
    ),
    Mutant(
        "outbox-takes-back-what-is-in-flight",
        "aiops/store/outbox.py",
        "not repeats and number not in self._in_flight",
        "not repeats",
        OUTBOX,
    ),
    Mutant(
        "outbox-changes-what-may-have-been-sent",
        "aiops/store/outbox.py",
        "    if before is None or before[1] <= now or before[2]:",
        "    if before is None:",
        (*OUTBOX, "tests/deliver/test_worker.py"),
    ),
    Mutant(
        "outbox-a-reminder-has-the-old-key",
        "aiops/store/outbox.py",
        "                key = row_key(name, incident, version, repeats + 1)",
        "                key = row_key(name, incident, version)",
        WORKER,
    ),
    Mutant(
        "outbox-reminds-of-what-is-acknowledged",
        "aiops/store/outbox.py",
        "where i.status = 'open' and i.severity",
        "where i.status != 'merged' and i.severity",
        WORKER,
    ),
    Mutant(
        "outbox-claims-two-of-one-incident",
        "aiops/store/outbox.py",
        "      and earlier.version < o.version)",
        "      and earlier.version < 0)",
        OUTBOX,
    ),
    Mutant(
        "worker-429-opens-the-breaker",
        "aiops/deliver/lane.py",
        "if answer.ok or not answer.retry or answer.status == 429:",
        "if answer.ok or not answer.retry:",
        WORKER,
    ),
    Mutant(
        "worker-one-bad-message-opens-the-breaker",
        "aiops/deliver/rate.py",
        "if self._failures < TRIP_FAILURES or len(self._incidents) < TRIP_INCIDENTS:",
        "if self._failures < TRIP_FAILURES:",
        WORKER,
    ),
    Mutant(
        "worker-the-breaker-opens-a-failure-late",
        "aiops/deliver/rate.py",
        "TRIP_FAILURES = 5",
        "TRIP_FAILURES = 6",
        WORKER,
    ),
    Mutant(
        "worker-forgets-retry-after",
        "aiops/deliver/lane.py",
        "self._paused_until = max(self._paused_until, at + answer.retry_after_s)",
        "pass",
        WORKER,
    ),
    Mutant(
        "worker-tries-for-ever",
        "aiops/deliver/ledger.py",
        "if answer.retry and age_s < lane.config.max_age_s:",
        "if answer.retry:",
        WORKER,
    ),
    Mutant(
        "worker-retries-without-end-of-growth",
        "aiops/deliver/schedule.py",
        "    return min(grown, max(CAP_S, min(TAIL_CAP_S, age_s / TAIL_SHARE)))",
        "    return grown",
        WORKER,
    ),
    Mutant(
        "worker-sends-the-old-after-the-new",
        "aiops/deliver/ledger.py",
        "        return found.fetchone() is not None\n\n    def supersede",
        "        return False\n\n    def supersede",
        WORKER,
    ),
    Mutant(
        "engine-a-new-name-is-not-reported",
        "aiops/engine/incidents.py",
        "        elif incident.unsaid:\n            self._report(incident, cluster, seq, at, out)",
        "        elif False:\n            self._report(incident, cluster, seq, at, out)",
        ENGINE,
    ),
    Mutant(
        "engine-every-new-name-is-a-record",
        "aiops/engine/incidents.py",
        "        due = incident.said_at + NEWS_EVERY_S\n",
        "        due = at\n",
        ENGINE,
    ),
    Mutant(
        "engine-names-without-bound",
        "aiops/engine/named.py",
        "        if counts[base + level] >= MAX_NAMED:",
        "        if counts[base + level] >= 10 * MAX_NAMED:",
        ENGINE,
    ),
    Mutant(
        "storm-nothing-worse-has-its-own",
        "aiops/engine/gather.py",
        "        return cluster is not None and level > cluster.severity",
        "        return False",
        STORM,
    ),
    Mutant(
        "storm-the-reserve-has-no-end",
        "aiops/engine/gather.py",
        "if level < Severity.HIGH or self.storms.reserved >= MAX_RESERVED:",
        "if level < Severity.HIGH:",
        STORM,
    ),
    Mutant(
        "storm-what-is-as-severe-has-its-own",
        "aiops/engine/gather.py",
        "        return cluster is not None and level > cluster.severity",
        "        return cluster is not None and level >= cluster.severity",
        STORM,
    ),
    Mutant(
        "storm-ends-too-late",
        "aiops/engine/storm.py",
        "        half = (self.limit + 1) // 2",
        "        half = 1",
        STORM,
    ),
    Mutant(
        "storm-never-ends",
        "aiops/engine/place.py",
        "            self.gatherer.calm(seq, out)",
        "            pass",
        STORM,
    ),
    Mutant(
        "present-goes-back-in-time",
        "aiops/store/incidents.py",
        "where (excluded.version, excluded.seq) >= (incidents.version, incidents.seq)",
        "where excluded.version >= incidents.version",
        PRESENT,
    ),
    Mutant(
        "present-under-another-version",
        "aiops/store/incidents.py",
        '" where id = ? and version = ? and seq <= ?"',
        '" where id = ? and version >= ? and seq <= ?"',
        PRESENT,
    ),
    Mutant(
        "present-starves-what-waits",
        "aiops/daemon/present.py",
        "            found[new] = found[old] = None",
        "            found[new] = None",
        PRESENT,
    ),
    Mutant(
        "silences-end-and-nobody-is-told",
        "aiops/engine/waking.py",
        "            count = self.muted.wake(silence.id)",
        "            count = 0",
        WAKING,
    ),
    Mutant(
        "silences-another-one-does-not-hold",
        "aiops/engine/waking.py",
        "        if silence is not None:\n            self.muted.mute",
        "        if False:\n            self.muted.mute",
        WAKING,
    ),
]
