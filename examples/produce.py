"""Send an archive to a Kafka topic, one record a message.

`python examples/produce.py alerts.jsonl 127.0.0.1:9092` shifts all times by one amount: the last record happens now.
Order and distances stay.
"""

import json
import sys
import time

from kafka import KafkaProducer

TIMES = ("ts", "starts_at", "ends_at")
path, server, topic = [*sys.argv[1:], "alerts"][:3]
with open(path, encoding="utf-8") as lines:
    # What monitoring tools send; incidents and what people did are no business of theirs.
    records = [record for record in map(json.loads, lines) if record["kind"] in ("alert", "metric", "change")]
shift = time.time() - max(record["ts"] for record in records)
producer = KafkaProducer(bootstrap_servers=server, linger_ms=20, acks="all")
started = time.monotonic()
for record in records:
    moved = {name: record[name] + shift for name in TIMES if name in record}
    producer.send(topic, json.dumps(record | moved).encode())
producer.flush()
print(f"{len(records)} records in {time.monotonic() - started:.1f} s")
