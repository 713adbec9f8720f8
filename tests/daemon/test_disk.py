"""A daemon whose disk is full, or read-only, says so, takes nothing, loses nothing, and goes on once it works again."""

from __future__ import annotations

# Runs in a mount namespace of its own, on a file system of 4 MB.
SCRIPT = """
import subprocess, sys, time, os
from pathlib import Path
from aiops.config import Config, InboxConfig, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.engine.fold import Engine
from aiops.journal import read
from aiops.ports import Received
from aiops.records import Alert

root = Path(sys.argv[1])
config = Config(state=StateConfig(str(root / "state")), inbox=InboxConfig(tick_s=0.05))
daemon = Daemon(config, Engine)
daemon.start()
taken, number = [], 0

def put(text_bytes):
    global number
    number += 1
    id = f"a{number}"
    alert = Alert(ts=time.time(), name="DiskFull", id=id, entity=f"e{number}", message=os.urandom(text_bytes).hex())
    if daemon.inbox.put(Received([alert]), 2.0):
        taken.append(id)
        return True
    return False

def until(done, what):
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)

assert put(10)
filler = root / "filler"
with filler.open("wb") as file:
    try:
        while True:
            file.write(bytes(1 << 16))
            file.flush()
    except OSError:
        pass
until(lambda: not put(100_000), "the full disk to be noticed")
health = daemon.health()
assert health["status"] == "degraded" and not health["ready"], health
assert "free some space" in health["reason"], health
assert 'aiops_state{state="degraded"} 1' in daemon.metrics_text()
filler.unlink()
until(lambda: daemon.status == "ok", "the free disk to be noticed")
until(lambda: put(10), "records to be taken again")
assert {record.id for record in read(root / "state" / "journal") if isinstance(record, Alert)} == set(taken)
daemon.stop()

subprocess.run(["mount", "-o", "remount,ro", str(root)], check=True)
try:
    Daemon(config, Engine)
except Exception as error:
    print(type(error).__name__, error)
else:
    raise SystemExit("started on a read-only disk")
sets = ["--set", f"state.directory={root / 'state'}", "--set", "http.port=0"]
command = [sys.executable, "-m", "aiops.cli", "run", *sets]
ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
assert ended.returncode == 1, ended
assert "Read-only file system" in ended.stderr and "Traceback" not in ended.stderr, ended.stderr
subprocess.run(["mount", "-o", "remount,rw", str(root)], check=True)
daemon = Daemon(config, Engine)
assert daemon.recovered.fold.accounts()["records"]["alert"] == len(taken)
daemon.close()
print("ok")
"""


def test_a_full_and_a_read_only_disk(small_disk) -> None:
    run = small_disk(SCRIPT, "4m")
    assert run.stdout.endswith("ok\n"), run.stdout + run.stderr
    assert run.stdout.startswith("AiopsError state"), run.stdout
    assert "Read-only file system" in run.stdout
