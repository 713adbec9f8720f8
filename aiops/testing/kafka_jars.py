"""The jars of an Apache Kafka broker: resolved once with Maven, kept in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aiops.errors import AiopsError

POM = Path(__file__).with_name("kafka_broker_pom.xml")
# Kafka 4 brokers need Java 17 (https://kafka.apache.org/41/operations/java-version/).
MIN_JAVA = 17
# A cold download of 43 MB over a slow line; Maven has its own, shorter, limits for a dead one.
FETCH_TIMEOUT_S = 600.0


class BrokerUnavailable(AiopsError):
    """No broker can be started here; the message names in one line what is missing."""


def cache_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of the jars: `$XDG_CACHE_HOME/aiops-test-kafka`, by default below `~/.cache`."""
    root = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".cache")
    return Path(root) / "aiops-test-kafka"


def jars(cache: Path | None = None) -> Path:
    """The directory of the broker's jars, resolved first if need be.

    Raise `BrokerUnavailable` where it cannot be.
    """
    java_version()
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    root = (cache or cache_directory()) / digest
    target = root / "jars"
    if target.is_dir():
        return target
    root.mkdir(parents=True, exist_ok=True)
    with locked(root / "lock"):
        if not target.is_dir():
            _resolve(root, target)
    return target


def java_version() -> int:
    """The major version of the `java` on the path.

    Raise `BrokerUnavailable` when there is none or it is too old.
    """
    if shutil.which("java") is None:
        raise BrokerUnavailable(f"no Kafka broker: expected `java` {MIN_JAVA} or newer on the path; got none")
    shown = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', shown)
    major = int(found[1]) if found else 0
    if major < MIN_JAVA:
        raise BrokerUnavailable(f"no Kafka broker: expected Java {MIN_JAVA} or newer; got {major or shown[:80]!r}")
    return major


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file: test workers start at the same moment and share the cache."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _resolve(root: Path, target: Path) -> None:
    if shutil.which("mvn") is None:
        raise BrokerUnavailable("no Kafka broker: expected Maven (`mvn`) on the path to resolve Apache Kafka; got none")
    partial = root / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={partial}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise BrokerUnavailable(f"no Kafka broker: Maven took more than {FETCH_TIMEOUT_S:.0f} s") from None
    if done.returncode != 0 or not partial.is_dir():
        lines = [line for line in done.stdout.splitlines() if "ERROR" in line] or ["no output"]
        raise BrokerUnavailable(f"no Kafka broker: Maven could not resolve Apache Kafka: {lines[0][:300]}")
    partial.rename(target)
