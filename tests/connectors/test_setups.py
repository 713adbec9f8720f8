"""Setups are complete, and a template that is filled is what the mapping of the tool reads."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
import yaml
from aiops_connectors.catalogue import Catalogue
from aiops_connectors.http.source import HttpSource
from aiops_connectors.mapping.mapping import names as mappings
from aiops_connectors.setups.render import PLACES, Rendered, render
from aiops_connectors.setups.setup import load_setup, names
from aiops_connectors.signatures.schemes import SCHEMES
from aiops_connectors.syslog.source import SyslogSource

from aiops import registry
from aiops.config import Config
from aiops.errors import UsageError
from aiops.http.auth import new_token, token_hash
from aiops.records import Alert, Change
from aiops.testing.inbox import MemoryInbox
from tests.waiting import eventually

BASE = "https://ops.example.org/aiops"
NOW = 1_772_400_000.0
FILLED = Path(__file__).parent / "setups"


def rendered(name: str, base: str = BASE, **more: Any) -> Rendered:
    return render(load_setup(name), name, base, **{"own": {}, "has_tokens": True, **more})


def test_every_connector_has_a_setup() -> None:
    assert set(mappings()) <= set(names())


@pytest.mark.parametrize("name", names())
def test_a_setup_is_complete(name: str) -> None:
    setup = load_setup(name)
    texts = [*setup.steps, setup.note, *(auth.enter for auth in setup.auth), *(part.text for part in setup.templates)]
    found = {place for text in texts for place in re.findall(r"@([A-Z_]+)@", text)}
    assert found <= set(PLACES)
    assert found & {"URL", "HOST", "HOSTNAME"}, "it names the address"
    assert setup.page.startswith(("https://", "docs/"))
    for auth in setup.auth:
        assert (auth.by == "header") == bool(auth.header), auth
        assert (auth.by == "signature") == (auth.scheme in SCHEMES), auth
        shown = rendered(name, by=auth.by)
        assert not re.search(r"@[A-Z_]+@", json.dumps([shown.steps, shown.templates, shown.note]).replace("TOKEN@", ""))
        everything = " ".join([shown.url, *shown.steps, *shown.templates.values()])
        if auth.by in ("bearer", "basic", "url", "header"):
            assert "TOKEN" in everything, auth


def cases() -> list[tuple[str, int, dict[str, Any]]]:
    """The filled templates of the tools whose mapping ships."""
    found = []
    for path in sorted(FILLED.glob("*.yaml")):
        if path.stem in mappings():
            found += [(path.stem, number, case) for number, case in enumerate(yaml.safe_load(path.read_text()))]
    return found


def filled(text: str, values: dict[str, Any]) -> str:
    for place in sorted(values, key=len, reverse=True):
        text = text.replace(place, str(values[place]))
    return text


@pytest.mark.parametrize(
    ("name", "number", "case"), cases(), ids=lambda part: "" if isinstance(part, dict) else str(part)
)
def test_a_filled_template_is_what_the_mapping_reads(name: str, number: int, case: dict[str, Any]) -> None:
    template = rendered(name).templates[case["template"]]
    body = filled(template, case["values"])
    if case.get("lines"):
        # A table of names and values, which the tool makes an object of.
        body = json.dumps(dict(re.split(r"\s+", line, maxsplit=1) for line in body.strip().splitlines()))
    if case.get("between"):
        begin, end = case["between"]
        body = body[body.index(begin) :][: body[body.index(begin) :].index(end) + len(end)]
    form = "application/x-www-form-urlencoded"
    kind = form if case.get("form") else "application/json"
    if kind == form:
        assert parse_qs(body)
    else:
        json.loads(body)
    records, problems = Catalogue().take(name, body.strip().encode(), {"content-type": kind}, NOW)
    assert not problems
    assert len(records) == 1
    for field, wanted in case["becomes"].items():
        assert getattr(records[0], field) == wanted, field


PAIRED = sorted({name for name, _, case in cases() if case["becomes"].get("status") == "resolved"})


@pytest.mark.parametrize("name", PAIRED)
def test_firing_and_recovery_of_a_template_meet(name: str) -> None:
    keys = {case["becomes"].get("key") for one, _, case in cases() if one == name}
    assert len(keys) == 1
    assert None not in keys


class Ran:
    """What a script of a setup sent."""

    def __init__(self, serving: Any, name: str, script: str, tmp_path: Path) -> None:
        self.secret = new_token()
        self.tokens = [{"name": name, "scopes": ["ingest"], "sha256": token_hash(self.secret)}]
        self.name, self.script, self.tmp_path, self.serving = name, script, tmp_path, serving

    def run(self, *environments: dict[str, str], arguments: tuple[str, ...] = ()) -> list[Any]:
        with self.serving(tokens=self.tokens) as http:
            shown = rendered(self.name, f"http://127.0.0.1:{http.port}")
            text = re.sub(r"\bTOKEN\b", self.secret, shown.templates[self.script])
            file = self.tmp_path / "script"
            file.write_text(text)
            file.chmod(0o700)
            for environment in environments:
                own = {"PATH": os.environ["PATH"], **environment}
                given = [part.replace("@URL@", shown.url).replace("@TOKEN@", self.secret) for part in arguments]
                done = subprocess.run([file, *given], env=own, capture_output=True, timeout=300, check=False)
                assert done.returncode == 0, done.stderr
            return list(http.inbox.records)


def test_the_script_for_icinga_sends_by_curl(serving: Any, tmp_path: Path) -> None:
    ran = Ran(serving, "icinga2", "/etc/icinga2/scripts/aiops.sh", tmp_path)
    common = {"HOSTNAME": "db-1", "SERVICENAME": "disk", "TIMET": str(int(NOW))}
    hostile = "full $(touch x) `id` ' \" & x=y ä"
    firing, resolved, host = ran.run(
        {**common, "STATE": "CRITICAL", "NOTIFICATIONTYPE": "PROBLEM", "OUTPUT": hostile},
        {**common, "STATE": "OK", "NOTIFICATIONTYPE": "RECOVERY", "OUTPUT": "fine"},
        {"HOSTNAME": "db-1", "STATE": "DOWN", "NOTIFICATIONTYPE": "PROBLEM", "OUTPUT": "no ping", "TIMET": "1"},
    )
    assert (firing.name, firing.entity, firing.status, firing.severity) == ("disk", "db-1", "firing", "critical")
    assert firing.message == hostile
    assert (resolved.status, resolved.key) == ("resolved", firing.key)
    assert host.entity == "db-1"
    assert host.key != firing.key


def test_the_script_for_checkmk_sends_by_curl(serving: Any, tmp_path: Path) -> None:
    ran = Ran(serving, "checkmk", "~/local/share/check_mk/notifications/aiops", tmp_path)
    common = {
        "NOTIFY_OMD_SITE": "main",
        "NOTIFY_HOSTNAME": "db-1",
        "NOTIFY_WHAT": "SERVICE",
        "NOTIFY_SERVICEDESC": "CPU",
    }
    firing, resolved = ran.run(
        {
            **common,
            "NOTIFY_SERVICESTATE": "WARNING",
            "NOTIFY_NOTIFICATIONTYPE": "PROBLEM",
            "NOTIFY_SERVICEOUTPUT": "9'\" &",
        },
        {**common, "NOTIFY_SERVICESTATE": "OK", "NOTIFY_NOTIFICATIONTYPE": "RECOVERY"},
    )
    assert (firing.name, firing.entity, firing.status, firing.severity) == ("CPU", "db-1", "firing", "warning")
    assert (resolved.status, resolved.key) == ("resolved", firing.key)


def test_the_script_for_wazuh_sends_the_file_by_curl(serving: Any, tmp_path: Path) -> None:
    alert = {"timestamp": "2026-03-01T10:00:00.000+0000", "id": "1.2", "full_log": "x", "location": "/var/log/auth.log"}
    rule = {"level": 10, "id": "5712", "description": "Brute force", "groups": ["sshd"]}
    (tmp_path / "alert").write_text(json.dumps({**alert, "rule": rule, "agent": {"id": "001", "name": "web-1"}}))
    ran = Ran(serving, "wazuh", "/var/ossec/integrations/custom-aiops", tmp_path)
    (found,) = ran.run({}, arguments=(str(tmp_path / "alert"), "@TOKEN@", "@URL@"))
    assert (found.name, found.entity) == ("Brute force", "web-1")


def test_the_commands_for_nagios_send_by_curl(serving: Any, tmp_path: Path) -> None:
    lines = [line.strip() for line in rendered("nagios").templates["aiops.cfg"].splitlines()]
    service, host = (line.partition(" ")[2].strip() for line in lines if line.startswith("command_line"))
    macros = {"HOSTNAME": "db-1", "SERVICEDESC": "disk", "HOSTADDRESS": "192.0.2.1", "TIMET": str(int(NOW))}
    states = [("CRITICAL", "PROBLEM"), ("OK", "RECOVERY")]
    secret = new_token()
    with serving(tokens=[{"name": "nagios", "scopes": ["ingest"], "sha256": token_hash(secret)}]) as http:
        for command, prefix in ((service, "SERVICE"), (host, "HOST")):
            for state, kind in states if prefix == "SERVICE" else [("DOWN", "PROBLEM"), ("UP", "RECOVERY")]:
                own = {f"{prefix}STATE": state, "NOTIFICATIONTYPE": kind, f"{prefix}OUTPUT": "96 % used; <b>"}
                text = command
                for macro, value in {**macros, **own}.items():
                    text = text.replace(f"${macro}$", value)
                text = re.sub(r"\$[A-Z]+\$", "", text)
                text = text.replace(f"{BASE}/ingest", f"http://127.0.0.1:{http.port}/ingest").replace("TOKEN", secret)
                subprocess.run(
                    ["sh", "-c", text.replace("/usr/bin/curl", "curl")], check=True, timeout=300, capture_output=True
                )
        firing, resolved, down, up = http.inbox.records
    assert (firing.name, firing.entity, firing.severity, firing.status) == ("disk", "db-1", "critical", "firing")
    assert (resolved.status, resolved.key) == ("resolved", firing.key)
    assert (down.status, up.status, down.key) == ("firing", "resolved", up.key)


@pytest.mark.parametrize("name", ["webhook", "change"])
def test_the_commands_by_hand_send_one_record(serving: Any, name: str) -> None:
    if name not in mappings():
        pytest.skip(f"the mapping {name} does not ship")
    secret = new_token()
    with serving(tokens=[{"name": "x", "scopes": ["ingest"], "sha256": token_hash(secret)}]) as http:
        command = rendered(name, f"http://127.0.0.1:{http.port}").templates["Command"].replace("TOKEN", secret)
        subprocess.run(["bash", "-c", command], check=True, timeout=300, capture_output=True)
        (found,) = http.inbox.records
    assert isinstance(found, Alert if name == "webhook" else Change)


@pytest.mark.parametrize(
    ("own", "by", "auth", "settings"),
    [
        ({}, None, "header", 'token_header = "X-Gitlab-Token"'),
        ({"token_header": "x-gitlab-token"}, None, "header", ""),
        ({"token_in": ["bearer"]}, None, "bearer", ""),
        ({"token_in": ["url"]}, None, "url", ""),
        ({"signature": {"scheme": "standard"}}, None, "signature", ""),
        ({}, "signature", "signature", 'scheme = "standard", secret_env = "AIOPS_GITLAB_SECRET"'),
    ],
)
def test_the_way_is_the_one_that_the_connector_takes(
    own: dict[str, Any], by: str | None, auth: str, settings: str
) -> None:
    shown = rendered("gitlab", own=own, by=by)
    assert shown.auth == auth
    assert settings in shown.settings
    assert bool(settings) == bool(shown.settings)
    assert shown.url == f"{BASE}/ingest/gitlab" + ("/TOKEN" if auth == "url" else "")


def test_without_tokens_there_is_nothing_to_enter() -> None:
    shown = rendered("prtg", "http://127.0.0.1:8640", has_tokens=False)
    assert (shown.url, shown.auth) == ("http://127.0.0.1:8640/ingest/prtg", "none")


@pytest.mark.parametrize(
    ("name", "own", "by", "said"),
    [
        ("nothing", {}, None, "no setup for 'nothing' .use a name of"),
        ("zabix", {}, None, "use zabbix"),
        ("splunk", {}, "bearer", r"Splunk cannot authenticate by bearer .use url."),
        ("splunk", {"token_in": ["bearer"]}, None, r"connectors\.splunk: takes bearer, and Splunk can url"),
        ("splunk", {"signature": {"scheme": "hex"}}, None, "takes signature, and Splunk can url"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, own: dict[str, Any], by: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        rendered(name, own=own, by=by)


@pytest.mark.parametrize("name", names())
def test_a_part_for_our_own_configuration_is_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    shown = rendered(name)
    monkeypatch.setenv(f"AIOPS_{name.upper()}_SECRET", "whsec_" + "QUJD" * 10)
    for text in (shown.templates.get("aiops.toml", ""), shown.settings):
        config = msgspec.convert(tomllib.loads(text), Config)
        for source in config.sources:
            if source.type == "mail":
                pytest.importorskip("aiosmtpd", reason="needs the extra mail")
            registry.load("aiops.sources", source.type)(source.name, source.options)
        HttpSource("http", {"tokens": [{"name": "t", "scopes": ["ingest"], "sha256": "0" * 64}], **config.http.options})


@pytest.mark.skipif(shutil.which("rsyslogd") is None, reason="needs rsyslogd")
def test_a_real_rsyslog_sends_lines(tmp_path: Path) -> None:
    source = SyslogSource("syslog", {"port": 0, "udp": False})
    inbox = MemoryInbox()
    thread = threading.Thread(target=source.run, args=(inbox, None))
    thread.start()
    assert source.wait_started(120) is not None
    part = rendered("syslog", f"http://127.0.0.1:{source.port}").templates["rsyslog, lines"]
    config = tmp_path / "rsyslog.conf"
    config.write_text(
        f'global(workDirectory="{tmp_path}")\nmodule(load="imfile")\ninput(type="imfile" File="{tmp_path}/in" '
        f'Tag="disk:" Severity="error")\n{part.replace("5514", str(source.port))}'
    )
    (tmp_path / "in").write_text("")
    command = ["rsyslogd", "-n", "-f", str(config), "-i", str(tmp_path / "pid")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        (tmp_path / "in").write_text("the disk of db-1 is full\n")
        eventually(lambda: bool(inbox.records))
    finally:
        process.terminate()
        process.wait(60)
        source.stop()
        thread.join(60)
    (found,) = inbox.records
    assert isinstance(found, Alert)
    assert found.message == "the disk of db-1 is full"
    assert found.service == "disk"


def test_the_parts_for_prometheus_and_rsyslog_name_host_and_path() -> None:
    prometheus = yaml.safe_load(rendered("prometheus").templates["prometheus.yml"])
    (found,) = prometheus["alerting"]["alertmanagers"]
    assert (found["scheme"], found["static_configs"], found["path_prefix"]) == (
        "https",
        [{"targets": ["ops.example.org"]}],
        "/aiops",
    )
    syslog = rendered("syslog").templates["rsyslog, HTTP"]
    assert 'server="ops.example.org" serverport="443" restpath="aiops/ingest/syslog"' in syslog


@pytest.mark.parametrize(
    ("name", "body", "value"),
    [
        ("netdata", {"message": "Test notification", "token": "abcdef0123"}, "abcdef0123"),
        (
            "aws_cloudwatch_sns",
            {
                "Type": "SubscriptionConfirmation",
                "TopicArn": "arn:aws:sns:eu-west-1:1:alarms",
                "Message": "You have chosen to subscribe to the topic.",
                "SubscribeURL": "https://sns.example/?Action=ConfirmSubscription&Token=77",
            },
            "ConfirmSubscription&Token=77",
        ),
    ],
)
def test_what_a_person_needs_of_a_test_is_among_the_dead_letters(
    serving: Any, name: str, body: dict[str, str], value: str
) -> None:
    with serving() as http:
        http.post(f"/ingest/{name}", body)
        letters = [letter for taken in http.inbox.taken for letter in taken.rejected]
        assert any(value in letter.raw.decode() for letter in letters)
        assert not http.inbox.records


def test_the_batches_of_telegraf_are_read() -> None:
    """Its output `http` sends `{"metrics": […]}`, unlike its output `file`."""
    tags = {"host": "collector", "mib": "IF-MIB", "name": "linkDown", "source": "192.0.2.1", "community": "topsecret"}
    fields = {"ifIndex.2": 2, "sysUpTimeInstance": 1}
    body = {"metrics": [{"name": "snmp_trap", "timestamp": int(NOW), "tags": tags, "fields": fields}]}
    (found,), problems = Catalogue().take("snmp_trap", json.dumps(body).encode(), {}, NOW)
    assert not problems
    assert isinstance(found, Alert)
    assert (found.name, found.entity) == ("linkDown", "192.0.2.1")
    assert "topsecret" not in repr(found)


@pytest.mark.parametrize(
    ("name", "template", "command"),
    [
        ("alertmanager", "alertmanager.yml", ["amtool", "check-config"]),
        ("prometheus", "prometheus.yml", ["promtool", "check", "config"]),
    ],
)
@pytest.mark.parametrize("base", [BASE, "http://127.0.0.1:8640"])
def test_the_tool_itself_accepts_its_part(
    tmp_path: Path, name: str, template: str, command: list[str], base: str
) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    text = rendered(name, base).templates[template]
    if name == "alertmanager":
        text += "route:\n  receiver: aiops\n"
    (tmp_path / template).write_text(text)
    done = subprocess.run([*command, tmp_path / template], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
