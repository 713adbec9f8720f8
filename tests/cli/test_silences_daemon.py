"""`aiops silences` and `aiops health` against a daemon in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def aiops(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aiops", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("state") / "aiops"
    command = [
        sys.executable,
        "-m",
        "aiops",
        "run",
        "--set",
        f"state.directory={folder}",
        "--set",
        "http.enabled=false",
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as daemon:
        deadline = time.monotonic() + 120
        while aiops("health", "--state", str(folder)).returncode and time.monotonic() < deadline:
            time.sleep(0.2)
        yield str(folder)
        daemon.terminate()
        daemon.wait(120)


@pytest.mark.slow
def test_a_silence_is_set_listed_and_ended(state: str) -> None:
    added = aiops(
        "silences", "add", "service=cart", "alertname=~High.*", "--for", "2h", "--id", "deploy", "--state", state
    )
    assert added.returncode == 0, added.stderr
    (listed,) = json.loads(aiops("silences", "list", "--json", "--state", state).stdout)
    assert listed["id"] == "deploy"
    assert [each["op"] for each in listed["matchers"]] == ["=", "=~"]
    assert listed["end"] - listed["start"] == pytest.approx(7200)
    assert 'service="cart"' in aiops("silences", "list", "--state", state).stdout
    assert "it matches 0 streams of the last 15 min (0 firing now, in 0 open incidents)" in added.stdout
    assert aiops("silences", "end", "deploy", "--state", state).returncode == 0
    assert json.loads(aiops("silences", "list", "--json", "--state", state).stdout) == []
    again = aiops("silences", "end", "deploy", "--state", state)
    assert again.returncode == 1
    assert again.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_silence_is_previewed_and_set_by_the_clock_of_a_zone(state: str) -> None:
    window = [
        *('{"host.name"=~"web.*", 環境="本番"}', "foo🙂=bar", "--for", "2h", "--every", "week", "--id", "nightly"),
        *("--from", "2026-10-18T02:00", "--zone", "Europe/Berlin", "--weekdays", "sun,mon", "--state", state),
    ]
    seen = aiops("silences", "add", *window, "--preview")
    assert seen.returncode == 0, seen.stderr
    assert "would add a silence that matches 0 streams" in seen.stdout
    assert seen.stdout.count("in force from") == 3
    assert json.loads(aiops("silences", "list", "--json", "--state", state).stdout) == []
    added = aiops("silences", "add", *window)
    assert added.returncode == 0, added.stderr
    (listed,) = json.loads(aiops("silences", "list", "--json", "--state", state).stdout)
    assert (listed["start"], listed["end"]) == (1_792_281_600.0, 1_792_288_800.0)
    assert (listed["zone"], listed["weekdays"]) == ("Europe/Berlin", ["mon", "sun"])
    assert [one["label"] for one in listed["matchers"]] == ["host.name", "環境", "foo🙂"]
    assert aiops("silences", "end", "nightly", "--state", state).returncode == 0


@pytest.mark.slow
def test_the_daemon_is_well(state: str) -> None:
    told = aiops("health", "--state", state)
    assert told.returncode == 0
    assert json.loads(told.stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ("service", "--for", "1h"),
        ("a=b", "--for", "long"),
        ("a=~(?=x)", "--for", "1h"),
        ("a=b", "--for", "2d", "--every", "day"),
        ('a="b', "--for", "1h"),
        ("nosuch!=x", "--for", "1h"),
        ("alertname=~.*", "--for", "1h"),
        ("a=b", "--for", "1h", "--from", "2020-01-01T00:00:00Z"),
        ("a=b", "--for", "1h", "--from", "1e300"),
        ("a=b", "--for", "1h", "--from", "nan"),
        ("a=b", "--for", "1h", "--zone", "Berlin"),
        ("a=b", "--for", "1h", "--weekdays", "mon"),
        ("a=b", "--for", "1h", "--every", "month", "--days", "0"),
        ("{}", "--for", "1h"),
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    told = aiops("silences", "add", *arguments, "--state", str(tmp_path))
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
