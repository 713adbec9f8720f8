"""Mutants of the journal, the store, the pump, and of what is done about a record that cannot be processed."""

from __future__ import annotations

from tests.mutants.model import Mutant

_WRITER = "aiops/journal/writer.py"
_SEGMENT = "aiops/journal/segment.py"
_SKIPS = "aiops/journal/skips.py"
_PUMP = "aiops/daemon/pump.py"
_FOLDING = "aiops/daemon/frame_processing.py"
_RECOVERY = "aiops/daemon/recovery.py"
_STORE = "aiops/store/store.py"
_REPAIR = "aiops/store/repair.py"


def _one(file: str, test: str) -> tuple[str, ...]:
    """The test that notices; whole files would take minutes a mutant."""
    return (f"{file}::{test}",)


MUTANTS: list[Mutant] = [
    Mutant(
        "journal-failed-sync-is-a-commit",
        _WRITER,
        "            self._sync(self._fd)\n            if fresh:",
        "            if fresh:",
        ("tests/journal/test_writer.py::test_a_failed_sync_does_not_count",),
    ),
    Mutant(
        "journal-directory-of-a-segment-is-not-synced",
        _WRITER,
        "            if fresh:\n                sync_directory(self.directory)\n            self._broken = False",
        "            self._broken = False",
        _one("tests/journal/test_writer.py", "test_the_name_of_a_new_segment_is_durable_before_its_frame_counts"),
    ),
    Mutant(
        "journal-broken-tail-is-kept",
        _WRITER,
        "            self._broken = True\n            if fresh:",
        "            if fresh:",
        _one("tests/journal/test_writer.py", "test_a_file_size_limit_takes_nothing_and_the_next_commit_goes_on"),
    ),
    Mutant(
        "journal-shorter-than-acknowledged",
        _WRITER,
        "        if self.number < known:",
        "        if self.number < known - 1:",
        _one("tests/journal/test_writer.py", "test_losing_what_was_acknowledged_is_damage_not_a_torn_tail"),
    ),
    Mutant(
        "journal-segment-grows-past-its-size",
        _WRITER,
        "self._size >= self._segment_bytes",
        "self._size > self._segment_bytes",
        _one("tests/journal/test_writer.py", "test_a_segment_is_full_at_its_size"),
    ),
    Mutant(
        "journal-flip-in-the-last-payload-is-torn",
        _SEGMENT,
        "    if not _is_unwritten(handle.read(found.header.payload_bytes), start):",
        "    if False:",
        _one("tests/journal/test_scrub.py", "test_a_flip_in_the_last_frame_is_damage"),
    ),
    Mutant(
        "journal-flip-in-the-last-header-is-torn",
        _SEGMENT,
        "    if _has_whole_payload(handle, offset, size):",
        "    if False:",
        _one("tests/journal/test_scrub.py", "test_a_flip_in_the_last_frame_is_damage"),
    ),
    Mutant(
        "journal-hole-of-a-power-failure-is-damage",
        _SEGMENT,
        "    return any(not any(payload[at : at + _SECTOR_BYTES]) for at in sectors)",
        "    return False",
        _one("tests/journal/test_scrub.py", "test_a_hole_of_one_sector_is_torn"),
    ),
    Mutant(
        "journal-check-misses-a-gap",
        "aiops/journal/scrub.py",
        "    if number != after.first:",
        "    if number > after.first:",
        _one("tests/journal/test_scrub.py", "test_a_missing_segment_is_found_by_the_headers"),
    ),
    Mutant(
        "skips-are-not-synced-before-use",
        _FOLDING,
        "        self.skips.add(reasons, frame.meta.at)\n",
        "",
        _one("tests/daemon/test_frame_processing.py", "test_a_restart_does_not_meet_it_again"),
    ),
    Mutant(
        "skips-swallow-a-line",
        _SKIPS,
        'raw = b"\\n" + msgspec',
        "raw = msgspec",
        _one("tests/daemon/test_frame_processing.py", "test_a_line_that_was_cut_off_hides_no_other"),
    ),
    Mutant(
        "skips-are-not-read",
        "aiops/journal/reader.py",
        "substitute(frame, skips) if skips else frame",
        "frame",
        _one("tests/daemon/test_frame_processing.py", "test_a_restart_does_not_meet_it_again"),
    ),
    Mutant(
        "folding-goes-on-half-changed",
        _FOLDING,
        "            reasons |= raised\n            self.engine = self._restored(self._base)",
        "            reasons |= raised",
        _one("tests/daemon/test_frame_processing.py", "test_the_state_is_as_if_the_record_had_never_come"),
    ),
    Mutant(
        "folding-passes-are-not-bounded",
        _FOLDING,
        "_EXACT, _PASSES = 4, 8",
        "_EXACT, _PASSES = 400, 800",
        _one("tests/daemon/test_frame_processing.py", "test_many_such_records_cost_a_bounded_number_of_passes"),
    ),
    Mutant(
        "folding-begins-at-the-snapshot-each-time",
        _FOLDING,
        "kept = [self._base] if self._base is not None else []",
        "kept: list[Kept] = []",
        _one(
            "tests/daemon/test_frame_processing.py",
            "test_frames_with_such_records_do_not_process_the_journal_again_and_again",
        ),
    ),
    Mutant(
        "engine-does-not-count-what-is-skipped",
        "aiops/engine/pipeline.py",
        '        self.alerts += 1\n        self.dispositions["rejected"] += 1',
        "        self.alerts += 1",
        _one("tests/daemon/test_frame_processing.py", "test_the_record_is_set_aside_and_everything_else_goes_on"),
    ),
    Mutant(
        "plugin-fault-ends-the-record",
        "aiops/engine/model_faults.py",
        "            self.add(port, error)\n            return otherwise",
        "            raise",
        _one("tests/daemon/test_models_that_raise.py", "test_an_incident_of_a_model_that_raises_has_no_causes"),
    ),
    Mutant(
        "recovery-notifies-again",
        _RECOVERY,
        "notify=frame.number >= state.notify_from)",
        "notify=True)",
        _one("tests/store/test_repair.py", "test_it_is_made_again_and_nobody_is_notified_twice"),
    ),
    Mutant(
        "repair-forgets-what-was-notified",
        _RECOVERY,
        "    state.notify_from = max(state.notify_from, store.notify_from())\n",
        "",
        _one("tests/store/test_repair.py", "test_it_is_made_again_and_nobody_is_notified_twice"),
    ),
    Mutant(
        "repair-does-not-read-the-outbox",
        _REPAIR,
        '_TABLES = ("outbox", "trail", "delivery_references")',
        '_TABLES = ("trail", "delivery_references")',
        _one("tests/store/test_repair.py", "test_it_is_made_again_and_nobody_is_notified_twice"),
    ),
    Mutant(
        "repair-takes-locked-for-damaged",
        _REPAIR,
        'return str(error) if is_damage(error) else ""',
        "return str(error)",
        _one("tests/store/test_repair.py", "test_a_locked_store_is_not_taken_for_a_damaged_one"),
    ),
    Mutant(
        "store-writes-a-frame-twice",
        _STORE,
        "fresh = [item for item in decided if item.frame >= done]",
        "fresh = list(decided)",
        _one("tests/store/test_store.py", "test_a_frame_is_written_once"),
    ),
    Mutant(
        "store-keeps-half-of-what-it-cannot-write",
        _STORE,
        '            connection.execute("rollback to one")\n',
        "",
        _one("tests/store/test_trouble.py", "test_what_cannot_be_written_whole_is_not_written_in_part"),
    ),
    Mutant(
        "pump-acknowledges-before-the-commit",
        _PUMP,
        "pending.done.set_result(frame is not None)",
        "pending.done.set_result(True)",
        _one("tests/daemon/test_pump.py", "test_only_what_is_committed_is_acknowledged"),
    ),
    Mutant(
        "pump-goes-on-while-the-store-lacks-something",
        _PUMP,
        'if self._unstored or self._unprocessed or self.state == "degraded":',
        'if self.state == "degraded" and not self._unstored:',
        _one("tests/daemon/test_pump.py", "test_nothing_is_taken_before_the_store_has_what_it_lacks"),
    ),
    Mutant(
        "pump-takes-while-degraded",
        _PUMP,
        "        self._inbox.refuse(True)\n",
        "",
        _one("tests/daemon/test_pump.py", "test_nothing_is_let_in_while_the_disk_refuses"),
    ),
    Mutant(
        "pump-is-well-after-one-small-frame",
        _PUMP,
        "            self._writer.probe(self._room_bytes)\n",
        "            pass\n",
        _one("tests/daemon/test_pump.py", "test_a_disk_that_takes_little_is_not_well"),
    ),
    Mutant(
        "pump-snapshot-before-the-store",
        _PUMP,
        "self._store.apply([*self._held, FrameDecisions(self._writer.number - 1, self.meta.at, [])])\n",
        "pass\n",
        _one("tests/daemon/test_pump.py", "test_a_snapshot_is_never_ahead_of_the_store"),
    ),
    Mutant(
        "pump-forgets-positions",
        _PUMP,
        "positions={**self.meta.positions, **admitted.positions}",
        "positions=admitted.positions",
        _one("tests/daemon/test_pump.py", "test_positions_of_other_sources_stay"),
    ),
]
