"""Mutants of time, deduplication, identity, and of the queues and counts that depend on them."""

from __future__ import annotations

from tests.mutants.model import Mutant

_DEDUP = "aiops/engine/dedup/deduplicator.py"
_TIMELINE = "aiops/engine/clock.py"
_ENGINE = "aiops/engine/engine.py"
_INCIDENTS = "aiops/engine/incidents/lifecycle.py"
_MERGING = "aiops/engine/incidents/merging.py"
_IDENTITIES = "aiops/engine/incidents/identities.py"
_REPEATS = "aiops/engine/incidents/repeats.py"
_CLOCKS = "aiops/daemon/clocks.py"
_TICKS = "aiops/daemon/ticks.py"
_OLD = "tests/engine/test_old_mutants.py"


def _in(file: str, *names: str) -> tuple[str, ...]:
    """The tests of a file that notice; whole files would take minutes a mutant."""
    return tuple(f"tests/{file}.py::{name}" for name in names)


MUTANTS: list[Mutant] = [
    Mutant(
        "time-exact-copy-without-status",
        _DEDUP,
        "key = (stream.number, ts, alert.status, alert.id)",
        'key = (stream.number, ts, "", alert.id)',
        _in("engine/dedup/test_deduplicator", "test_an_exact_copy_has_the_same_status_as_well"),
    ),
    Mutant(
        "time-merge-keeps-the-younger",
        _MERGING,
        "(ours, theirs) if (ours.opened_at, ours.id) <= (theirs.opened_at, theirs.id) else (theirs, ours)",
        "(theirs, ours) if (ours.opened_at, ours.id) <= (theirs.opened_at, theirs.id) else (ours, theirs)",
        _in("engine/test_old_mutants", "test_the_older_of_two_merged_incidents_goes_on"),
    ),
    Mutant(
        "time-believes-two-records",
        _TIMELINE,
        "AGREEING = 3\n",
        "AGREEING = 2\n",
        _in("engine/test_clock", "test_three_in_a_row_that_agree_are_believed_and_two_are_not"),
    ),
    Mutant(
        "time-agreement-is-not-compared",
        _TIMELINE,
        "if self.far and abs(ts - self.far[-1]) > MAX_JUMP_S:",
        "if False:",
        _in("engine/test_clock", "test_times_that_disagree_are_not_believed"),
    ),
    Mutant(
        "time-tick-clamp-ten-times-as-far",
        "aiops/records/model.py",
        "MAX_AHEAD_S = 300.0",
        "MAX_AHEAD_S = 3_000.0",
        _in("engine/test_clock", "test_an_alert_further_ahead_than_clocks_disagree_counts_at_its_receipt[1000.0]"),
    ),
    Mutant(
        "time-alerts-move-it-a-minute",
        _TIMELINE,
        "LEAD_S = 5.0",
        "LEAD_S = 60.0",
        _in("engine/test_clock", "test_an_alert_moves_the_time_at_most_seconds_ahead_of_the_hosts_clock"),
    ),
    Mutant(
        "time-first-record-before-the-clamp",
        _TIMELINE,
        "if 0.0 <= self.receipt < ts - LEAD_S:",
        "if self.now >= 0.0 and 0.0 <= self.receipt < ts - LEAD_S:",
        _in("engine/test_clock", "test_with_the_hosts_clock_the_first_record_counts_at_its_receipt"),
    ),
    Mutant(
        "time-any-tick-bounds-what-follows",
        _TIMELINE,
        "if self.receipt >= 0.0 or not passes:",
        "if True:",
        _in("engine/test_ticks_change_nothing", "test_rare_ticks_make_no_alert_one_of_the_future"),
    ),
    Mutant(
        "time-a-tick-after-the-first-receipt-bounds-nothing",
        _TIMELINE,
        "if self.receipt >= 0.0 or not passes:",
        "if not passes:",
        _in("engine/test_ticks_change_nothing", "test_once_receipts_are_stated_each_tick_is_one"),
    ),
    Mutant(
        "time-what-is-due-waits-for-the-next-record",
        _ENGINE,
        "if now >= 0.0 and due < to:",
        "if False:",
        _in("engine/test_ticks_change_nothing", "test_a_lone_warning_lasts_whether_or_not_anybody_looks"),
    ),
    Mutant(
        "time-warnings-that-last-are-looked-for-late",
        "aiops/engine/incidents/expiry.py",
        "return min(self.dedup.next_due(), self.correlate.next_due() + LATER_S, triage, noise)",
        "return min(self.dedup.next_due(), self.correlate.next_due() + LATER_S, noise)",
        _in("engine/test_ticks_change_nothing", "test_a_lone_warning_lasts_whether_or_not_anybody_looks"),
    ),
    Mutant(
        "time-a-pause-is-worked-off-two-by-two",
        _ENGINE,
        "most = max(most, min(MAX_DUE, MAX_DUE_EACH + int(MAX_DUE * (to - now))))",
        "most = max(most, MAX_DUE_EACH)",
        _in("engine/test_ticks_change_nothing", "test_what_ended_in_a_pause_has_ended_at_the_next_record"),
    ),
    Mutant(
        "time-a-pause-is-worked-off-at-once",
        _ENGINE,
        "most = max(most, min(MAX_DUE, MAX_DUE_EACH + int(MAX_DUE * (to - now))))",
        "most = max(most, MAX_DUE_EACH + int(MAX_DUE * (to - now)))",
        _in("engine/test_ticks_change_nothing", "test_the_work_of_one_record_is_bounded_however_long_the_pause_was"),
    ),
    Mutant(
        "time-a-tick-in-silence-states-the-receipt-of-what-follows",
        _TICKS,
        "if self._states_receipt and 0 <= now - self._sent_at < CLOCK_S:",
        "if 0 <= now - self._sent_at < CLOCK_S:",
        _in("daemon/test_ticks", "test_the_first_records_after_a_start_have_the_clock_of_their_receipt"),
    ),
    Mutant(
        "time-set-back-after-an-hour",
        _TIMELINE,
        "SET_BACK_S = 30.0",
        "SET_BACK_S = 3_000.0",
        _in("engine/test_clock", "test_a_host_clock_that_jumps_bends_nothing_for_longer_than_a_minute"),
    ),
    Mutant(
        "time-streams-stay-ahead",
        _DEDUP,
        "            stream.last_at = min(stream.last_at, now)\n",
        "",
        _in("engine/test_clock", "test_nothing_that_is_held_lies_ahead_after_the_time_was_set_back"),
    ),
    Mutant(
        "time-late-replica-is-news",
        _DEDUP,
        "if starts_at <= stream.ended_start and now - stream.ended_at <= REPLICA_S:",
        "if starts_at < stream.ended_start and now - stream.ended_at <= REPLICA_S:",
        _in("engine/dedup/test_episodes", "test_a_late_replica_with_the_start_of_a_resolved_episode_opens_nothing"),
    ),
    Mutant(
        "time-replica-is-late-for-ever",
        _DEDUP,
        "if starts_at <= stream.ended_start and now - stream.ended_at <= REPLICA_S:",
        "if starts_at <= stream.ended_start:",
        _in("engine/dedup/test_episodes", "test_a_newer_start_is_a_new_episode_and_so_is_the_same_start_long_after"),
    ),
    Mutant(
        "time-earlier-start-ends-nothing",
        _DEDUP,
        "return stream.ended_start is not None and starts_at <= stream.ended_start < stream.starts_at",
        "return starts_at < stream.starts_at",
        _in("engine/dedup/test_episodes", "test_a_replica_that_names_an_earlier_start_ends_the_running_episode"),
    ),
    Mutant(
        "time-one-step-is-a-lease",
        _DEDUP,
        "LAPSED_MOVES: Final = 2",
        "LAPSED_MOVES: Final = 1",
        _in("engine/dedup/test_episodes", "test_two_ends_that_look_like_one_step_are_no_lease"),
    ),
    Mutant(
        "time-an-end-of-now-is-a-lease",
        _DEDUP,
        "LAPSED_S: Final = 5.0",
        "LAPSED_S: Final = 0.5",
        _in("engine/dedup/test_episodes", "test_a_script_that_reports_a_good_state_again_and_again_fires_nothing"),
    ),
    Mutant(
        "time-lease-without-bound",
        _DEDUP,
        "return until if until - now <= MAX_LEASE_S else None",
        "return until",
        _in("engine/dedup/test_episodes", "test_an_end_of_2096_is_no_lease"),
    ),
    Mutant(
        "time-calm-counts-by-the-senders-clock",
        _INCIDENTS,
        "max(at, max(cluster.last_at, received_at) + self.patience_s(cluster))",
        "max(at, cluster.last_at + self.patience_s(cluster))",
        _in("engine/dedup/test_episodes", "test_an_incident_stays_open_for_its_calm_after_an_end_of_a_late_clock"),
    ),
    Mutant(
        "time-repeat-leaves-its-incident",
        _REPEATS,
        "if home is None or home.incident is None or not stream.counted or",
        "if True or home is None or home.incident is None or not stream.counted or",
        _in("engine/dedup/test_episodes", "test_a_repeat_without_start_or_end_stays_in_its_incident"),
    ),
    Mutant(
        "time-reopened-is-not-ranked",
        _INCIDENTS,
        "incident.resolve_due = incident.rank_due = incident.news_due = None",
        "incident.resolve_due = incident.news_due = None",
        _in("engine/dedup/test_episodes", "test_an_incident_that_was_reopened_is_ranked_again"),
    ),
    Mutant(
        "time-identity-from-position",
        _IDENTITIES,
        'f"{first.fingerprint}/{first.sent_at!r}"',
        'f"{first.fingerprint}/{cluster.number}"',
        _in("engine/test_identity", "test_records_between_and_batches_rename_nothing"),
    ),
    Mutant(
        "time-one-name-for-two-incidents",
        _IDENTITIES,
        'f"inc-{base}" if count == 1 else',
        'f"inc-{base}" if count >= 1 else',
        _in("engine/test_identity", "test_a_sender_whose_time_stands_still_gives_each_incident_an_id_of_its_own"),
    ),
    Mutant(
        "time-queue-of-deadlines-without-bound",
        _DEDUP,
        "if len(self._due) > 2 * len(self.streams) + SLACK:",
        "if False:",
        _in("engine/test_bounds", "test_streams_that_are_forgotten_leave_no_entries_behind"),
    ),
    Mutant(
        "time-queue-of-warnings-without-bound",
        "aiops/engine/incidents/triage.py",
        "if len(self._waiting) > 2 * len(self.clusters.by_number) + SLACK:",
        "if False:",
        _in("engine/test_bounds", "test_lone_warnings_that_are_over_leave_no_entries_behind"),
    ),
    Mutant(
        "time-storm-never-ends",
        "aiops/engine/incidents/storm.py",
        "        self.active = False\n        self.clusters.clear()",
        "        self.clusters.clear()",
        (_OLD,),
    ),
    Mutant(
        "time-storm-ends-at-the-whole-limit",
        "aiops/engine/incidents/storm.py",
        "half = (self.limit + 1) // 2",
        "half = self.limit",
        (_OLD,),
    ),
    Mutant(
        "time-size-prior-gone",
        "aiops/engine/correlate/scoring.py",
        "return -weights.new - weights.new_size * log(cluster.count)",
        "return -weights.new",
        (_OLD,),
    ),
    Mutant(
        "time-host-step-is-taken-at-once",
        _CLOCKS,
        "LASTS_S = 20.0",
        "LASTS_S = 0.0",
        _in("daemon/test_clocks", "test_a_step_that_does_not_last_is_not_taken"),
    ),
    Mutant(
        "time-late-sender-stops-the-ticks",
        _TICKS,
        "        if not self._behind:\n            return\n",
        "",
        _in("daemon/test_ticks", "test_a_late_sender_holds_back_nobody"),
    ),
    Mutant(
        "time-what-stands-still-is-an-archive",
        _TICKS,
        "return now - since < STUCK_S",
        "return True",
        _in("daemon/test_ticks", "test_a_time_that_stands_still_is_no_archive"),
    ),
    Mutant(
        "time-an-archive-has-to-come-nearer",
        _TICKS,
        "if now - reached <= MAX_LATE_S else",
        "if True else",
        _in("daemon/test_ticks", "test_an_archive_at_its_own_pace_keeps_its_times"),
    ),
    Mutant(
        "time-a-restart-waits-for-a-backlog-that-is-none",
        _TICKS,
        "calm_s < START_BACKLOG_S and self._has_backlog()",
        "calm_s < START_BACKLOG_S",
        _in("daemon/test_ticks", "test_after_a_restart_without_a_backlog_time_passes_at_once"),
    ),
    Mutant(
        "time-a-short-restart-waits",
        _TICKS,
        "self._behind and now - reached > RECENT_S and",
        "self._behind and",
        _in("daemon/test_ticks", "test_after_a_restart_without_a_backlog_time_passes_at_once"),
    ),
    Mutant(
        "time-a-step-of-the-host-is-the-senders",
        _CLOCKS,
        "            if steps.pending_s:\n                return\n",
        "",
        _in("daemon/test_clocks", "test_senders_that_share_a_step_that_did_not_last_are_not_blamed"),
    ),
    Mutant(
        "time-a-wrong-host-blames-the-senders",
        "aiops/daemon/clock_health.py",
        "abs(offset + step_s) <= WARN_S",
        "False",
        _in("daemon/test_clocks", "test_a_step_of_the_host_is_not_blamed_on_senders"),
    ),
    Mutant(
        "time-senders-without-bound",
        _CLOCKS,
        "if len(self._senders) > MAX_SENDERS:",
        "if False:",
        _in("daemon/test_clocks", "test_offsets_of_senders_are_bounded_and_old_alerts_are_no_late_clock"),
    ),
    Mutant(
        "time-refused-actions-count-as-applied",
        "aiops/backtest/ledger.py",
        'self.actions["applied" if event.applied else "refused"] += 1',
        'self.actions["applied"] += 1',
        ("tests/backtest/test_actions_in_replay.py",),
    ),
    Mutant(
        "clocks-absurd-times-are-offsets",
        "aiops/daemon/clocks.py",
        "if at is not None and at <= bound)",
        "if at is not None)",
        ("tests/daemon/test_clocks.py::test_a_time_that_cannot_be_is_counted_and_is_no_offset",),
    ),
    Mutant(
        "heartbeats-a-daemon-that-was-down-excuses-nobody",
        "aiops/engine/heartbeats/heartbeats.py",
        "at = beat.last_at + beat.every_s + self.absences.missed_s(beat.source, beat.last_at, now)",
        "at = beat.last_at + beat.every_s",
        _in("engine/heartbeats/test_heartbeats", "test_nothing_is_judged_while_the_daemon_was_down"),
    ),
    Mutant(
        "heartbeats-warnings-are-learned",
        "aiops/engine/heartbeats/heartbeats.py",
        "elif arrival.severity <= Severity.INFO and self.config.learned:",
        "elif self.config.learned:",
        _in("engine/heartbeats/test_heartbeats", "test_what_may_end_at_any_time_is_not_learned"),
    ),
    Mutant(
        "detect-a-model-sets-severe-alerts-aside",
        "aiops/engine/incidents/triage.py",
        "if reason is None and arrival.severity <= Severity.WARNING:",
        "if reason is None:",
        _in("engine/incidents/test_model_decides", "test_what_is_severe_opens_whatever_the_model_finds"),
    ),
]
