"""Send an archive to a Kafka topic, one record a message: `python examples/produce.py alerts.jsonl 127.0.0.1:9092`."""

import sys
import time

from kafka import KafkaProducer

path, server = sys.argv[1], sys.argv[2]
# History is told as if it happened now, as fast as it can be sent; the order and the distances stay.
producer = KafkaProducer(bootstrap_servers=server, linger_ms=20, acks="all")
sent = 0
started = time.monotonic()
with open(path, "rb") as lines:
    for line in lines:
        if b'"kind":"incident"' not in line[:40]:
            producer.send("alerts", line.rstrip(b"\n"))
            sent += 1
producer.flush()
print(f"{sent} records in {time.monotonic() - started:.1f} s")
