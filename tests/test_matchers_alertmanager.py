"""The other side is real: Debian's Alertmanager reads the same matchers, and matches the same alerts by them."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx2
import pytest

from aiops.engine.silences.silences import selector
from aiops.errors import UsageError
from aiops.matchers import Matcher, check_selective, read_matchers
from aiops.records import Alert

PROGRAM = shutil.which("prometheus-alertmanager")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="needs prometheus-alertmanager"),
]
DEADLINE_S = 60.0
# Names are those of the time before UTF-8; values are anything.
ALERTS = [
    {"alertname": "NodeReboot", "instance": "web-1:9100", "team": "db", "severity": "critical"},
    {"alertname": "HighLatency", "service": "cart", "team": "data base", "pod": "cart-7d9f8c6b5d-x2x4z"},
    {"alertname": "HighErrors", "service": "checkout", "pod": "a" * 40 + "!", "path": "C:\\temp\\x"},
    {"alertname": "Quoted", "service": 'say "hi"', "path": "a,b={c}", "team": "環境🙂"},
    {"alertname": "Plain", "service": "it's", "pod": "a=b=x", "team": "äpfel", "path": "tab\there"},
]
TEXTS = [
    'alertname=~"Node.*"',
    "alertname=~Node.*",
    "team = data base",
    'team="data base"',
    "team=~data.base",
    "team!=db",
    'team!~"d.*"',
    'team=""',
    "team!=",
    'service="say \\"hi\\""',
    'service=~".*\\".*"',
    'path="C:\\\\temp\\\\x"',
    'path=~"C:.*"',
    'path="a,b={c}"',
    'path=~"a,b={c}"',
    "team=環境🙂",
    "team=~(?i)ÄPFEL",
    'team=~"(?i)ÄPFEL"',
    "pod=~cart-[0-9a-f]+-\\w+",
    'pod=~"cart-[0-9a-f]+-\\w+"',
    'pod=~"cart-[0-9a-f]+-\\\\w+"',
    "pod=~a{40}!",
    'pod=~"a{40}!"',
    "pod=a=b=x",
    "service=it's",
    'path=~"tab\\there"',
    "pod=~((a+))+$",
    "pod=~(a|a)*$",
    "pod=~(?:(?:a+))+$",
    "pod=~.*.*.*.*.*=x",
    "pod=~((\\w+)-?)+-canary",
    "pod=~(x+x+)+y",
    "pod=~^(([a-z])+.)+[A-Z]([a-z])+$",
    "pod=~(.*)*$",
    "alertname=~(Node|High)(Reboot|Errors)",
    "alertname=~^High",
    "alertname=~High",
    "alertname=~.+s$",
    "alertname=~[[:upper:]][[:lower:]]+",
    'alertname=~"\\\\pL+"',
    'alertname=~"\\\\p{Greek}+"',
    'team=~"\\\\S+"',
    'team=~"\\\\W+"',
    "alertname=~(?=Node).*",
    "alertname=~(",
    "alertname",
    "=x",
    ",",
    'alertname="Node',
    'alertname="Node"Reboot',
    'alertname=No"de',
    "a b=c",
]
# What Alertmanager takes as a value that nobody can have meant; here it is refused.
STRICTER = ["alertname==NodeReboot", "service='cart", "service=cart team=db", "team=}", "alertname=NodeReboot}"]


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    folder = tmp_path_factory.mktemp("alertmanager")
    config = folder / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        *(str(PROGRAM), f"--config.file={config}", f"--storage.path={folder / 'data'}"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE_S) as client:
                _wait_ready(client, program)
                ends = (datetime.now(UTC) + timedelta(days=1)).isoformat()
                posted = client.post("/api/v2/alerts", json=[{"labels": one, "endsAt": ends} for one in ALERTS])
                assert posted.status_code == 200, posted.text
                _wait(lambda: len(client.get("/api/v2/alerts").json()) == len(ALERTS))
                yield client
        finally:
            program.terminate()


def _wait_ready(client: httpx2.Client, program: subprocess.Popen[bytes]) -> None:
    def ready() -> bool:
        assert program.poll() is None
        with contextlib.suppress(httpx2.HTTPError):
            return client.get("/-/ready").status_code == 200
        return False

    _wait(ready)


def _wait(condition: object) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def theirs(client: httpx2.Client, text: str) -> set[str] | None:
    """The alerts that Alertmanager finds by one matcher; None where it refuses it."""
    answer = client.get("/api/v2/alerts?" + urlencode({"filter": text}))
    return {one["labels"]["alertname"] for one in answer.json()} if answer.status_code == 200 else None


def ours(text: str) -> set[str] | None:
    try:
        selects = selector(read_matchers(text))
    except UsageError:
        return None
    alerts = [Alert(ts=0.0, name=labels["alertname"], labels=labels) for labels in ALERTS]
    return {alert.name for alert in alerts if selects(alert, "somewhere")}


def test_each_matcher_finds_the_same_alerts(alertmanager: httpx2.Client) -> None:
    assert {text: ours(text) for text in TEXTS} == {text: theirs(alertmanager, text) for text in TEXTS}
    assert sum(ours(text) is None for text in TEXTS) >= 7
    assert sum(bool(ours(text)) for text in TEXTS) >= 25


def test_slips_that_alertmanager_takes_are_refused(alertmanager: httpx2.Client) -> None:
    assert [ours(text) for text in STRICTER] == [None] * len(STRICTER)
    assert all(theirs(alertmanager, text) == set() for text in STRICTER)


@pytest.mark.skipif(shutil.which("amtool") is None, reason="needs amtool")
@pytest.mark.parametrize(
    "texts",
    [
        ['alertname=~"Node.*"', 'team="data base"'],
        ["alertname=~High.*", "team!=db", "pod!~x+"],
        ['service="say \\"hi\\""', 'path="a,b={c}"'],
        ["pod=~web-\\d+", "env="],
    ],
)
def test_amtool_sets_the_silence_that_is_read(alertmanager: httpx2.Client, texts: list[str]) -> None:
    url = f"--alertmanager.url={alertmanager.base_url}"
    command = ["amtool", url, "silence", "add", "--comment=x", "--author=y", "--duration=1h", *texts]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE_S)
    found = alertmanager.get(f"/api/v2/silence/{done.stdout.strip()}").json()["matchers"]
    wanted = [one for text in texts for one in read_matchers(text)]
    key = json.dumps
    assert sorted(map(key, (_told(one) for one in wanted))) == sorted(
        map(key, (dict(sorted(one.items())) for one in found))
    )


def _told(one: Matcher) -> dict[str, object]:
    return {"isEqual": not one.op.startswith("!"), "isRegex": "~" in one.op, "name": one.label, "value": one.value}


@pytest.mark.parametrize("text", ["alertname=~.*", 'team=""', "team=~x*", 'team="", pod=~"(.*)*$"'])
def test_silence_of_the_empty_alert_is_refused_by_both(alertmanager: httpx2.Client, text: str) -> None:
    with pytest.raises(UsageError, match="lacks these labels"):
        check_selective(read_matchers(text))
    now = datetime.now(UTC)
    body = {
        "matchers": [_told(one) for one in read_matchers(text)],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "x",
        "comment": "y",
    }
    assert alertmanager.post("/api/v2/silences", json=body).status_code == 400
