"""The options of a Kafka source, and what makes them wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, field

from aiops.errors import RecordError, UsageError
from aiops.patterns import Expression
from aiops.records.decode import MAX_RECORD_BYTES, parse_time
from aiops_connectors.kafka.choices import Choice
from aiops_connectors.kafka.connection import TOPIC, Connection, connection_options
from aiops_connectors.kafka.consumer import Start
from aiops_connectors.kafka.schema_registry import SchemaRegistryOptions

_INSTANCE = re.compile(r"[A-Za-z0-9._-]{1,249}")


class KafkaOptions(Connection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the Kafka source."""

    topics: Annotated[list[str], Meta(description="The topics to read; either these or `pattern`.")] = field(
        default_factory=list
    )
    pattern: (
        Annotated[
            str,
            Meta(
                max_length=1024,
                description="A [regular expression](matchers.md#regular-expressions) that a topic's whole name must "
                "match, now or later.",
            ),
        ]
        | None
    ) = None
    group_id: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=249,
            description="The consumer group. Two daemons in one group split the alerts: see "
            "[operations](operations.md#one-daemon-a-consumer-group).",
        ),
    ] = "aiops"
    group_instance_id: Annotated[
        str | None,
        Meta(
            description="Makes the daemon a static member: a restart within `session_timeout_s` moves no partition. It "
            "must differ between processes."
        ),
    ] = None
    start: Annotated[
        str | float,
        Meta(
            description="`earliest`, `latest`, or a time (RFC 3339 or Unix seconds), for partitions that neither the "
            "stored position nor the group knows. A topic that was deleted and recreated since it was last read is "
            "read from its start."
        ),
    ] = "earliest"
    mapping: Annotated[
        str | None,
        Meta(
            description="Name or path of a mapping; without it, values are archive records or CloudEvents that hold "
            "one. A relative path starts at the folder of the configuration file. A reload (SIGHUP) reads it again."
        ),
    ] = None
    zone: Annotated[
        str | None,
        Meta(description="Zone of times that state none, such as `Europe/Berlin` or `+02:00`; by default UTC."),
    ] = None
    mappings: Annotated[
        list[Choice],
        Meta(
            description="Several mappings instead of one: the first whose conditions hold reads the message "
            "([Kafka](kafka.md#several-tools-in-one-source))."
        ),
    ] = field(default_factory=list)
    schema_registry: Annotated[
        SchemaRegistryOptions | None,
        Meta(
            description="Where the schemas of Avro and Protobuf messages in Confluent's wire format are. It needs the "
            "extra `aiops-engine[schema-registry]`; JSON in that format needs no registry."
        ),
    ] = None
    max_poll_records: Annotated[
        int,
        Meta(
            ge=1,
            le=100_000,
            description="Messages of one batch, which is one write of the journal. The broker answers in batches of "
            "about a megabyte; two thousand alerts of 500 bytes fill one.",
        ),
    ] = 2_000
    fetch_max_bytes: Annotated[
        int, Meta(ge=1_024, le=1 << 30, description="What the client holds in memory beyond a batch.")
    ] = 16 << 20
    max_message_bytes: Annotated[int, Meta(ge=1, le=64 << 20, description="A longer message is rejected.")] = (
        MAX_RECORD_BYTES
    )
    in_time_order: Annotated[
        bool,
        Meta(
            description="While several partitions have a backlog, pass it on in the order of the records' times: what "
            "belongs together arrives together. Holds up to `fetch_max_bytes` for it. Nothing waits once all "
            "partitions are read to their ends."
        ),
    ] = True
    read_committed: Annotated[bool, Meta(description="Leave out messages of aborted transactions.")] = True
    session_timeout_s: Annotated[
        float,
        Meta(
            gt=0,
            le=86_400,
            description="How long the group waits for a silent member before it moves its partitions.",
        ),
    ] = 45.0
    poll_timeout_s: Annotated[
        float,
        Meta(gt=0, le=5, description="How long one poll waits for messages; how soon a stop is noticed."),
    ] = 0.2
    commit_interval_s: Annotated[
        float,
        Meta(
            gt=0,
            le=86_400,
            description="How often the journal's offset is committed to the group: a hint for monitors of lag, and the "
            "start for another member. The daemon itself resumes from its journal.",
        ),
    ] = 5.0
    metadata_max_age_s: Annotated[
        float, Meta(gt=0, le=86_400, description="How soon new topics and partitions are noticed.")
    ] = 60.0
    dead_letter_topic: Annotated[
        str | None,
        Meta(
            description="Where rejected messages are also written, with the reason in the headers; it must not be read "
            "itself."
        ),
    ] = None


def source_options(name: str, options: Mapping[str, Any]) -> KafkaOptions:
    """Return the options of source `name`; raise `UsageError` for the one that is wrong."""
    place = f"sources.{name}"
    converted = connection_options(options, KafkaOptions, place)
    _check_topics(converted, place)
    if converted.mapping is not None and converted.mappings:
        raise UsageError(f"{place}: expected either mapping or mappings; got both")
    if converted.group_instance_id is not None and not _INSTANCE.fullmatch(converted.group_instance_id):
        raise UsageError(f"{place}.group_instance_id: expected letters, digits, `.`, `_`, `-`; got another character")
    start_of(converted, place)
    return converted


def start_of(options: KafkaOptions, place: str = "start") -> Start:
    """Return the start policy; raise `UsageError` for another word."""
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
