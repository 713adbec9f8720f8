"""The options of a Kafka source, and what makes them wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, field

from aiops.errors import RecordError, UsageError
from aiops.patterns import Expression
from aiops.records.decode import MAX_RECORD_BYTES, parse_time
from aiops_connectors.kafka.connection import TOPIC, Connection, convert
from aiops_connectors.kafka.consumer import Start

_INSTANCE = re.compile(r"[A-Za-z0-9._-]{1,249}")
Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class KafkaOptions(Connection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to read, as whom, and from where. The options of `Connection` apply as well.

    - `topics`, or `pattern` (a regular expression that a topic's whole name must match).
    - `group_id`: the consumer group. `group_instance_id`: makes us a static member, so that a restart within
      `session_timeout_s` moves no partition; it must differ between processes.
    - `start`: `earliest` (default), `latest`, or a time (RFC 3339 or Unix seconds), for partitions that neither the
      stored position nor the group knows.
    - `mapping`: name or path of a mapping; without it, values are archive records or CloudEvents that hold one.
    - `max_poll_records`: messages of one batch; a batch is one write of the journal. `fetch_max_bytes` bounds what the
      client holds in memory beyond it. `max_message_bytes`: a longer message is rejected.
    - `in_time_order`: while several partitions have a backlog, hand it on in the order of the records' times; holds up
      to `fetch_max_bytes` for it. Nothing waits once all partitions are read to their ends.
    - `read_committed`: leave out messages of aborted transactions.
    - `commit_interval_s`: how often the group is told how far we are: a hint for monitors of lag and for other members.
    - `metadata_max_age_s`: how soon new topics and partitions are noticed.
    - `dead_letter_topic`: where rejected messages are also written, with the reason in the headers.
    """

    topics: list[str] = field(default_factory=list)
    pattern: Annotated[str, Meta(max_length=1024)] | None = None
    group_id: Annotated[str, Meta(min_length=1, max_length=249)] = "aiops"
    group_instance_id: str | None = None
    start: str | float = "earliest"
    mapping: str | None = None
    # The broker answers in batches of about a megabyte; two thousand alerts of 500 bytes fill one, and a journal write
    # of that size costs the same as a smaller one.
    max_poll_records: Annotated[int, Meta(ge=1, le=100_000)] = 2_000
    fetch_max_bytes: Annotated[int, Meta(ge=1_024, le=1 << 30)] = 16 << 20
    max_message_bytes: Annotated[int, Meta(ge=1, le=64 << 20)] = MAX_RECORD_BYTES
    in_time_order: bool = True
    read_committed: bool = True
    session_timeout_s: Seconds = 45.0
    poll_timeout_s: Annotated[float, Meta(gt=0, le=5)] = 0.2
    commit_interval_s: Seconds = 5.0
    metadata_max_age_s: Seconds = 60.0
    dead_letter_topic: str | None = None


def source_options(name: str, options: Mapping[str, Any]) -> KafkaOptions:
    """The options of source `name`; raise `UsageError` that says which one is wrong."""
    place = f"sources.{name}"
    converted = convert(options, KafkaOptions, place)
    _check_topics(converted, place)
    if converted.group_instance_id is not None and not _INSTANCE.fullmatch(converted.group_instance_id):
        raise UsageError(f"{place}.group_instance_id: expected letters, digits, `.`, `_`, `-`; got another character")
    start_of(converted, place)
    return converted


def start_of(options: KafkaOptions, place: str = "start") -> Start:
    """The start policy; raise `UsageError` for what is none."""
    start = options.start
    if start == "earliest":
        return "earliest"
    if start == "latest":
        return "latest"
    try:
        at = parse_time(start) if isinstance(start, str) else float(start)
    except RecordError:
        raise UsageError(f"{place}.start: expected earliest, latest or a time; got {start!r}") from None
    if not 0 <= at < float("inf"):
        raise UsageError(f"{place}.start: expected a time from 1970 on; got {start!r}")
    return at


def _check_topics(options: KafkaOptions, place: str) -> None:
    if bool(options.topics) == (options.pattern is not None):
        raise UsageError(f"{place}: expected either topics or a pattern; got {'both' if options.topics else 'neither'}")
    for topic in [*options.topics, *filter(None, [options.dead_letter_topic])]:
        if not TOPIC.fullmatch(topic):
            raise UsageError(f"{place}: expected a topic name of letters, digits, `.`, `_`, `-`; got {topic!r}")
    dead = options.dead_letter_topic
    if dead is not None and (dead in options.topics or _matches(options.pattern, dead, place)):
        raise UsageError(f"{place}.dead_letter_topic: {dead} is also read: each dead letter would become another one")
    _matches(options.pattern, "", place)


def _matches(pattern: str | None, topic: str, place: str) -> bool:
    if pattern is None:
        return False
    try:
        return Expression(pattern).matches(topic)
    except UsageError as error:
        raise UsageError(f"{place}.pattern: {error}") from None
