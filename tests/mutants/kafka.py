"""Mutants of what is read of Kafka, what comes late, how long it is kept, and how archives are sent."""

from __future__ import annotations

from tests.mutants.model import Mutant

_BROKER = "connectors/aiops_connectors/broker"
_POSITIONS = ("tests/kafka/test_positions.py",)
_UNREADABLE = ("tests/kafka/test_unreadable.py",)
_SEND = "tests/cli/test_send.py"

MUTANTS: list[Mutant] = [
    Mutant(
        "kafka-topic-id-ignored",
        f"{_BROKER}/positions.py",
        "            return known != mark.topic_id\n",
        "            return False\n",
        _POSITIONS,
    ),
    Mutant(
        "kafka-shorter-log-unnoticed",
        f"{_BROKER}/positions.py",
        "mark.end < _held(at) or ",
        "",
        _POSITIONS,
    ),
    Mutant(
        "kafka-log-start-unnoticed",
        f"{_BROKER}/positions.py",
        " or mark.start < self._at.get(_LOG_START + place, 0)",
        "",
        _POSITIONS,
    ),
    Mutant(
        "kafka-epoch-unnoticed",
        f"{_BROKER}/positions.py",
        "return gone_back or 0 <= mark.epoch < self._at.get(_EPOCH + place, 0)",
        "return gone_back",
        _POSITIONS,
    ),
    Mutant(
        "kafka-other-partitions-remembered",
        f"{_BROKER}/positions.py",
        "                self._at[place] = -1\n",
        "                pass\n",
        _POSITIONS,
    ),
    Mutant(
        "kafka-commit-of-an-earlier-topic-counts",
        f"{_BROKER}/positions.py",
        'if mark.topic_id and topic_id and topic_id != f"{mark.topic_id:x}":',
        "if False:",
        _POSITIONS,
    ),
    Mutant(
        "kafka-id-not-stored",
        f"{_BROKER}/positions.py",
        "        self._learn(marks)\n",
        "",
        _POSITIONS,
    ),
    Mutant(
        "kafka-tombstone-is-a-dead-letter",
        f"{_BROKER}/reading.py",
        "if value is None and message.key is not None:",
        "if False:",
        _UNREADABLE,
    ),
    Mutant(
        "kafka-null-without-key-is-a-tombstone",
        f"{_BROKER}/reading.py",
        "if value is None and message.key is not None:",
        "if value is None:",
        _UNREADABLE,
    ),
    Mutant(
        "kafka-damage-given-up-at-once",
        f"{_BROKER}/kafka_python_records.py",
        "        self.suspects[suspect] = None\n        return True\n",
        "        return False\n",
        _UNREADABLE,
    ),
    Mutant(
        "kafka-header-of-a-damaged-batch-believed",
        f"{_BROKER}/kafka_python_records.py",
        "        if following is not None:\n",
        "        if False:\n",
        _UNREADABLE,
    ),
    Mutant(
        "kafka-end-beyond-the-partition",
        f"{_BROKER}/kafka_python_records.py",
        "            end = min(end, self.high) if self.high > first else end\n",
        "",
        _UNREADABLE,
    ),
    Mutant(
        "kafka-blocked-is-well",
        f"{_BROKER}/status.py",
        'bool(self._state["connected"]) and not self._problems',
        'bool(self._state["connected"])',
        _UNREADABLE,
    ),
    Mutant(
        "kafka-refusal-is-an-outage",
        f"{_BROKER}/faults.py",
        "return RefusedError(said) if refused or _IN_TEXT.search(text) else BrokerError(said)",
        "return BrokerError(said)",
        ("tests/kafka/test_refusals.py::test_a_refusal_is_told_from_a_broker_that_is_away",),
    ),
    Mutant(
        "kafka-outage-is-a-refusal",
        f"{_BROKER}/faults.py",
        "return RefusedError(said) if refused or _IN_TEXT.search(text) else BrokerError(said)",
        "return RefusedError(said)",
        ("tests/kafka/test_refusals.py::test_a_refusal_is_told_from_a_broker_that_is_away",),
    ),
    Mutant(
        "late-by-any-amount",
        "aiops/daemon/lateness.py",
        "        if at < reached - LATE_S:\n",
        "        if at < reached:\n",
        ("tests/daemon/test_lateness.py",),
    ),
    Mutant(
        "late-only-against-the-engine",
        "aiops/daemon/lateness.py",
        "            reached = max(reached, at)\n",
        "            pass\n",
        ("tests/daemon/test_lateness.py",),
    ),
    Mutant(
        "late-not-taken-is-counted",
        "aiops/daemon/lateness.py",
        "            reached = max(reached, highest)\n",
        "            reached = max(reached, highest)\n            self.count([received], now)\n",
        ("tests/daemon/test_lateness.py",),
    ),
    Mutant(
        "retention-by-the-alerts-time",
        "aiops/store/retention.py",
        "status in ('resolved', 'merged') and received_at < ? limit ?)",
        "status in ('resolved', 'merged') and last_alert_at < ? limit ?)",
        ("tests/store/test_store.py::test_retention_counts_from_receipt",),
    ),
    Mutant(
        "audit-retention-by-the-engines-time",
        "aiops/store/audit.py",
        "return write(connection, *values, received_at=at)",
        "return write(connection, *values)",
        ("tests/store/test_store.py::test_retention_counts_from_receipt",),
    ),
    Mutant(
        "send-drops-what-was-not-answered",
        "aiops/sending.py",
        '            return None, f"the daemon does not answer: {error}"\n',
        "            return Reply(200), str(error)\n",
        (f"{_SEND}::test_an_answer_that_did_not_come_is_asked_for_again",),
    ),
    Mutant(
        "send-ignores-retry-after",
        "aiops/sending.py",
        "self._sleep(asked_s or wait_s)",
        "self._sleep(wait_s)",
        (f"{_SEND}::test_a_busy_daemon_is_waited_for_as_it_asks",),
    ),
    Mutant(
        "send-takes-503-for-done",
        "aiops/sending.py",
        "_LATER = (408, 429, 500, 502, 503, 504)",
        "_LATER = (408, 429, 500, 502, 504)",
        (f"{_SEND}::test_a_busy_daemon_is_waited_for_as_it_asks",),
    ),
    Mutant(
        "send-parts-in-the-wrong-order",
        "aiops/sending.py",
        "                parts[:0] = [part[:middle], part[middle:]]\n",
        "                parts[:0] = [part[middle:], part[:middle]]\n",
        (f"{_SEND}::test_bodies_that_are_too_large_are_parted_and_stay_so",),
    ),
    Mutant(
        "send-loses-half-of-a-body",
        "aiops/sending.py",
        "                parts[:0] = [part[:middle], part[middle:]]\n",
        "                parts[:0] = [part[:middle]]\n",
        (f"{_SEND}::test_bodies_that_are_too_large_are_parted_and_stay_so",),
    ),
    Mutant(
        "send-shifts-only-the-time-stamp",
        "aiops/sending.py",
        '    for name in ("starts_at", "ends_at"):\n',
        "    for name in ():\n",
        (f"{_SEND}::test_all_times_of_an_alert_are_moved",),
    ),
]
