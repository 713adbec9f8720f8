"""Kafka as a source and as a sink, over kafka-python or librdkafka.

Read `source`, `consumer`, `decoding`, `time_merge` (partitions in the order of time), `offsets` and `status`; `sink`
and `producer`; `connection`, `options` and the two clients `kafka_python` and `librdkafka`.

May import: archive, backoff, errors, options, patterns, ports, records, wording, aiops_connectors.mapping,
aiops_connectors.payloads, aiops_connectors.sinks, aiops_connectors.texts.
"""
