"""The dead-letter topic: a copy, for those who mend producers, of what is in the dead-letter table.

The table is the record; the copy is written after it and is not tried again, since a topic that cannot be written must
not hold up what can be read. What was not written is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiops.ports import DeadLetter
from aiops_connectors.kafka.connection import Connection
from aiops_connectors.kafka.consumer import BrokerError
from aiops_connectors.kafka.producer import Outgoing, Producer, open_producer

# Rejected messages of one poll are written together; longer than this, reading would fall behind.
DELIVER_TIMEOUT_S = 5.0


class DeadLetterTopic:
    """Writes dead letters to a topic, where one is configured. The producer is opened when first needed."""

    def __init__(self, options: Connection, topic: str | None) -> None:
        self._options = options
        self._topic = topic
        self._producer: Producer | None = None

    def copy(self, letters: Sequence[DeadLetter]) -> int:
        """Write the letters; return how many may not have arrived."""
        if self._topic is None:
            return 0
        try:
            if self._producer is None:
                self._producer = open_producer(self._options)
            self._producer.deliver([_message(self._topic, letter) for letter in letters], DELIVER_TIMEOUT_S)
        except BrokerError:
            return len(letters)
        return 0

    def close(self) -> None:
        """Let go of the connection, if there is one."""
        if self._producer is not None:
            self._producer.close()


def _message(topic: str, letter: DeadLetter) -> Outgoing:
    headers = [
        ("aiops_reason", letter.reason.encode()),
        ("aiops_place", letter.place.encode()),
        ("aiops_source", letter.source.encode()),
    ]
    return Outgoing(topic, letter.raw, letter.place.encode(), headers)
