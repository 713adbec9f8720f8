"""Mutants of the journal, the store, the pump, and of what is done about a record that cannot be processed."""

from __future__ import annotations

from tests.mutants.model import Mutant

_WRITER = "aiops/journal/writer.py"
_SEGMENT = "aiops/journal/segment.py"
_SKIPS = "aiops/journal/skips.py"
_PUMP = "aiops/daemon/pump.py"
_FOLDING = "aiops/daemon/folding.py"
_RECOVERY = "aiops/daemon/recovery.py"
_STORE = "aiops/store/store.py"
_REPAIR = "aiops/store/repair.py"

_BY_WRITER = ("tests/journal/test_writer.py",)
_BY_SCRUB = ("tests/journal/test_scrub.py",)
_BY_RECORD = ("tests/daemon/test_records_that_raise.py",)
_BY_MODEL = ("tests/daemon/test_models_that_raise.py",)
_BY_REPAIR = ("tests/store/test_repair.py",)
_BY_STORE = ("tests/store/test_store.py", "tests/store/test_trouble.py")
_BY_PUMP = ("tests/daemon/test_pump.py",)

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
        _BY_WRITER,
    ),
    Mutant(
        "journal-broken-tail-is-kept",
        _WRITER,
        "            self._broken = True\n            if fresh:",
        "            if fresh:",
        _BY_WRITER,
    ),
    Mutant(
        "journal-shorter-than-acknowledged",
        _WRITER,
        "        if self.number < known:",
        "        if self.number < known - 1:",
        _BY_WRITER,
    ),
    Mutant(
        "journal-segment-grows-past-its-size",
        _WRITER,
        "self._size >= self._segment_bytes",
        "self._size > self._segment_bytes",
        _BY_WRITER,
    ),
    Mutant(
        "journal-flip-in-the-last-payload-is-torn",
        _SEGMENT,
        "    if not _is_unwritten(handle.read(found.header.payload_bytes), start):",
        "    if False:",
        _BY_SCRUB,
    ),
    Mutant(
        "journal-flip-in-the-last-header-is-torn",
        _SEGMENT,
        "    if _has_whole_payload(handle, offset, size):",
        "    if False:",
        _BY_SCRUB,
    ),
    Mutant(
        "journal-hole-of-a-power-failure-is-damage",
        _SEGMENT,
        "    return any(not any(payload[at : at + _SECTOR_BYTES]) for at in sectors)",
        "    return False",
        _BY_SCRUB,
    ),
    Mutant(
        "journal-check-misses-a-gap",
        "aiops/journal/scrub.py",
        "    if number != after.first:",
        "    if number > after.first:",
        _BY_SCRUB,
    ),
    Mutant(
        "skips-are-not-synced-before-use", _FOLDING, "        self.skips.add(reasons, frame.meta.at)\n", "", _BY_RECORD
    ),
    Mutant("skips-swallow-a-line", _SKIPS, 'raw = b"\\n" + msgspec', "raw = msgspec", _BY_RECORD),
    Mutant(
        "skips-are-not-read",
        "aiops/journal/reader.py",
        "substitute(frame, skips) if skips else frame",
        "frame",
        _BY_RECORD,
    ),
    Mutant(
        "folding-goes-on-half-changed",
        _FOLDING,
        "            reasons |= raised\n            self.fold = self._restored(self._base)",
        "            reasons |= raised",
        _BY_RECORD,
    ),
    Mutant(
        "folding-passes-are-not-bounded", _FOLDING, "_EXACT, _PASSES = 4, 8", "_EXACT, _PASSES = 400, 800", _BY_RECORD
    ),
    Mutant(
        "folding-begins-at-the-snapshot-each-time",
        _FOLDING,
        "kept = [self._base] if self._base is not None else []",
        "kept: list[Kept] = []",
        _BY_RECORD,
    ),
    Mutant(
        "engine-does-not-count-what-is-skipped",
        "aiops/engine/place.py",
        '        self.alerts += 1\n        self.dispositions["rejected"] += 1',
        "        self.alerts += 1",
        _BY_RECORD,
    ),
    Mutant(
        "plugin-fault-ends-the-record",
        "aiops/engine/faults.py",
        "            self.add(port, error)\n            return otherwise",
        "            raise",
        _BY_MODEL,
    ),
    Mutant(
        "recovery-notifies-again",
        _RECOVERY,
        "            decided.tell = frame.number >= state.untold",
        "            decided.tell = True",
        (*_BY_REPAIR, "tests/daemon/test_same_decisions.py"),
    ),
    Mutant(
        "repair-forgets-what-was-notified",
        _RECOVERY,
        "    state.untold = max(state.untold, store.untold())\n",
        "",
        _BY_REPAIR,
    ),
    Mutant(
        "repair-does-not-read-the-outbox", _REPAIR, '_TABLES = ("outbox", "trail")', '_TABLES = ("trail",)', _BY_REPAIR
    ),
    Mutant(
        "repair-takes-locked-for-damaged",
        _REPAIR,
        'return str(error) if is_damage(error) else ""',
        "return str(error)",
        _BY_REPAIR,
    ),
    Mutant(
        "store-writes-a-frame-twice",
        _STORE,
        "fresh = [item for item in decided if item.frame >= done]",
        "fresh = list(decided)",
        _BY_STORE,
    ),
    Mutant(
        "store-keeps-half-of-what-it-cannot-write",
        _STORE,
        '            connection.execute("rollback to one")\n',
        "",
        _BY_STORE,
    ),
    Mutant(
        "pump-acknowledges-before-the-commit",
        _PUMP,
        "pending.done.set_result(frame is not None)",
        "pending.done.set_result(True)",
        _BY_PUMP,
    ),
    Mutant(
        "pump-goes-on-while-the-store-lacks-something",
        _PUMP,
        'if self._unstored or self._unfolded or self.state == "degraded":',
        'if self.state == "degraded" and not self._unstored:',
        (*_BY_PUMP, "tests/daemon/test_same_decisions.py::test_a_store_that_refuses_loses_nothing"),
    ),
    Mutant("pump-takes-while-degraded", _PUMP, "        self._inbox.refuse(True)\n", "", _BY_PUMP),
    Mutant(
        "pump-is-well-after-one-small-frame",
        _PUMP,
        "            self._writer.probe(self._room_bytes)\n",
        "            pass\n",
        _BY_PUMP,
    ),
    Mutant(
        "pump-snapshot-before-the-store",
        _PUMP,
        "            self._store.apply([Decided(self._writer.number - 1, self.meta.at, [])])\n",
        "            pass\n",
        _BY_PUMP,
    ),
    Mutant(
        "pump-forgets-positions",
        _PUMP,
        "positions={**self.meta.positions, **admitted.positions}",
        "positions=admitted.positions",
        _BY_PUMP,
    ),
]
