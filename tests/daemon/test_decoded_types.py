"""Threads may decode a type for the first time at once."""

from __future__ import annotations

import subprocess
import sys

# Types that refer to others by name, as all do here: msgspec resolves the names on the first use, in Python. Without
# `prepare_types` this ends with a segmentation fault within the first types.
SCRIPT = """
import sys, threading
import msgspec
from msgspec import Struct
from aiops.daemon.decoded_types import prepare_types

def make(number):
    parts = [
        type(Struct)(f"Part{number}_{part}", (Struct,), {"__annotations__": {"x": "int", "y": "list[str]"}})
        for part in range(20)
    ]
    globals().update({one.__name__: one for one in parts})
    fields = {f"f{part}": f"Part{number}_{part} | None" for part in range(20)}
    return type(Struct)(f"Whole{number}", (Struct,), {"__annotations__": fields})

wholes = [make(number) for number in range(60)]
body = msgspec.json.encode({f"f{part}": {"x": 1, "y": ["a"]} for part in range(20)})
assert prepare_types() >= 60 * 21
sys.setswitchinterval(1e-6)
for whole in wholes:
    barrier = threading.Barrier(4)
    def run():
        barrier.wait()
        msgspec.json.decode(body, type=whole)
    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""


def test_threads_decode_a_type_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
