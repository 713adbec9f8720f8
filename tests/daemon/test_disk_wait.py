"""A daemon whose disk is full, or read-only, says so, takes nothing, loses nothing, and goes on once it works again."""

from __future__ import annotations

from tests.conftest import SmallDisk

# Runs in a mount namespace of its own, on a file system of 4 MB.
SCRIPT = """
import subprocess, sys, time, os
from pathlib import Path
from aiops.config import Config, InboxConfig, StateConfig
from tests.daemons import bare_daemon
from aiops.engine.engine import Engine
from aiops.journal import read
from aiops.ports import Received
from aiops.records import Alert

root = Path(sys.argv[1])
config = Config(state=StateConfig(str(root / "state")), inbox=InboxConfig(tick_s=0.05))
daemon = bare_daemon(config, Engine)
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
    deadline = time.monotonic() + 120
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
    bare_daemon(config, Engine)
except Exception as error:
    print(type(error).__name__, error)
else:
    raise SystemExit("started on a read-only disk")
sets = ["--set", f"state.directory={root / 'state'}", "--set", "http.port=0"]
command = [sys.executable, "-m", "aiops.cli", "run", *sets]
ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
assert ended.returncode == 1, ended
assert "Read-only file system" in ended.stderr and "Traceback" not in ended.stderr, ended.stderr
subprocess.run(["mount", "-o", "remount,rw", str(root)], check=True)
daemon = bare_daemon(config, Engine)
assert daemon.recovered.engine.accounts()["records"]["alert"] == len(taken)
daemon.close()
print("ok")
"""


def test_a_full_and_a_read_only_disk(small_disk: SmallDisk) -> None:
    run = small_disk(SCRIPT, "4m")
    assert run.stdout.endswith("ok\n"), run.stdout + run.stderr
    assert run.stdout.startswith("AiopsError state"), run.stdout
    assert "Read-only file system" in run.stdout


# On a file system of 4 MB, with so little room left that small frames fit and large ones do not.
NEARLY_FULL = """
import logging, os, sys, time
from pathlib import Path
from aiops.config import Config, InboxConfig, StateConfig
from aiops.daemon import pump as pumps
from tests.daemons import bare_daemon
from aiops.engine.engine import Engine
from aiops.ports import Received
from aiops.records import Alert

root = Path(sys.argv[1])
said = []
pumps.log = lambda level, message, **fields: said.append(message)
pumps.RETRY_CAP_S = 0.05
daemon = bare_daemon(Config(state=StateConfig(str(root / "state")), inbox=InboxConfig(tick_s=0.01)), Engine)
daemon.pump._backoff._cap_s = 0.05
daemon.start()
number = 0

def put(text_bytes):
    global number
    number += 1
    text = os.urandom(text_bytes).hex()
    alert = Alert(ts=time.time(), name="DiskFull", id=f"a{number}", entity=f"e{number}", message=text)
    return daemon.inbox.put(Received([alert]), 2.0)

def until(done, what):
    deadline = time.monotonic() + 120
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)

assert put(10)
filler = root / "filler"
with filler.open("wb") as file:
    while os.statvfs(root).f_bavail * os.statvfs(root).f_frsize > 150_000:
        file.write(bytes(1 << 12))
        file.flush()
until(lambda: not put(100_000), "the full disk to be noticed")
assert daemon.status == "degraded"
before = daemon.pump.metrics.disk_errors
until(lambda: daemon.pump.metrics.disk_errors >= before + 10, "ten more tries")
assert daemon.status == "degraded"
assert [text for text in said if "recovered" in text] == [], said
assert len([text for text in said if text.startswith("degraded")]) == 1, said
assert not (root / "state" / "journal" / "probe.new").exists()
filler.unlink()
until(lambda: daemon.status == "ok", "the free disk to be noticed")
until(lambda: put(100_000), "records to be taken again")
daemon.stop()
print("ok")
"""


def test_a_nearly_full_disk_is_not_well_and_ill_in_turn(small_disk: SmallDisk) -> None:
    run = small_disk(NEARLY_FULL, "4m")
    assert run.stdout.endswith("ok\n"), run.stdout + run.stderr


FULL_AT_THE_START = """
import http.client, json, os, signal, socket, subprocess, sys, time
from pathlib import Path

root = Path(sys.argv[1])
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
config = root / "aiops.toml"
config.write_text(f'[state]\\ndirectory = "{root / "state"}"\\n[http]\\nport = {port}\\n')
command = [sys.executable, "-m", "aiops.cli", "run", "--config", str(config)]

def ask(path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        headers = {"content-type": "application/json"}
        connection.request("POST" if body is not None else "GET", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("retry-after")
    except OSError:
        return 0, b"", None
    finally:
        connection.close()

def until(done, what):
    deadline = time.monotonic() + 120
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)

def fill():
    with (root / "filler").open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 8, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                pass

def alert(id):
    return json.dumps([{"kind": "alert", "ts": time.time(), "name": "DiskFull", "severity": "critical", "id": id}])

for is_new in (True, False):
    fill()
    daemon = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    until(lambda: ask("/healthz")[0] == 200, "the health of a daemon that waits")
    assert ask("/readyz")[0] == 503
    assert json.loads(ask("/healthz")[1]) == {"status": "degraded"}
    health = json.loads(ask("/api/v1/health")[1])["health"]
    assert health["status"] == "degraded" and "No space left on device: free some space" in health["reason"], health
    assert b'aiops_state{state="degraded"} 1' in ask("/metrics")[1]
    status, body, retry = ask("/ingest/archive", alert("lost"))
    assert status == 503 and int(retry) > 0, (status, body, retry)
    assert daemon.poll() is None
    if is_new:
        # It obeys while it waits.
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(120) == 0
        (root / "filler").unlink()
        daemon = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    else:
        (root / "filler").unlink()
    until(lambda: ask("/readyz")[0] == 200, "the daemon to start")
    assert ask("/ingest/archive", alert(f"taken-{is_new}"))[0] == 200
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(120) == 0
from aiops.journal import read
from aiops.records import Alert
found = {record.id for record in read(root / "state" / "journal") if isinstance(record, Alert)}
assert found == {"taken-True", "taken-False"}, found

# What is wrong with the configuration is said all the same.
fill()
done = subprocess.run([*command, "--set", "topology=/nowhere"], capture_output=True, text=True, timeout=300)
assert done.returncode == 2, done
print("ok")
"""


def test_a_start_on_a_full_disk_waits_and_says_so(small_disk: SmallDisk) -> None:
    run = small_disk(FULL_AT_THE_START, "4m")
    assert run.stdout == "ok\n", run.stdout + run.stderr
