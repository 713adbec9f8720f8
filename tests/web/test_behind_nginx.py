"""Behind a real nginx: TLS, a path in front, cookies that are Secure, and certificates that it checks for senders."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from aiops.http.auth import new_token, token_hash
from aiops.testing.daemon_process import spawn
from tests.http.test_client_certificate import made
from tests.web.test_daemon import free_port

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("nginx", "openssl"))), reason="needs nginx and openssl (apt-get install nginx-light)"
)
TOKEN = new_token()
NGINX = """
daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/nginx.log;
events {{ worker_connections 64; }}
http {{
  access_log {directory}/access.log;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/f;
  uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {directory}/server.pem; ssl_certificate_key {directory}/server.key;
    ssl_client_certificate {directory}/authority.pem; ssl_verify_client optional;
    location /aiops/ {{
      proxy_pass http://127.0.0.1:{daemon}/;
      proxy_set_header Host $http_host;
      proxy_set_header X-SSL-Client-Verify $ssl_client_verify;
      proxy_set_header X-SSL-Client-S-DN $ssl_client_s_dn;
    }}
  }}
}}
"""
CONFIG = """
[state]
directory = "{directory}/state"
[http]
port = {daemon}
external_url = "https://localhost:{port}/aiops/"
[http.options]
trusted_proxies = ["127.0.0.1"]
[[http.options.tokens]]
name = "ann"
scopes = ["write"]
sha256 = "{token}"
[http.options.connectors.netdata.client_certificate]
verify_header = "X-SSL-Client-Verify"
subject_header = "X-SSL-Client-S-DN"
subjects = ["CN=netdata"]
"""
ALERT = {"alert": "disk_full", "chart": "disk.space", "host": "web-1", "severity": "critical", "status": "CRITICAL"}


class Behind:
    """The daemon behind nginx, and the certificates of senders."""

    def __init__(self, directory: Path, port: int, daemon: int) -> None:
        self.directory, self.port, self.daemon = directory, port, daemon
        self.url = f"https://localhost:{port}/aiops"

    def client(self, name: str | None = None, **more: object) -> httpx2.Client:
        """A client that trusts the authority, and shows the certificate `name`."""
        context = ssl.create_default_context(cafile=str(self.directory / "authority.pem"))
        if name is not None:
            context.load_cert_chain(self.directory / f"{name}.pem", self.directory / f"{name}.key")
        return httpx2.Client(verify=context, timeout=300, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    directory, port, daemon = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    authority, _ = made(directory, "authority")
    for name in ("server", "netdata", "other"):
        made(directory, name, authority)
    made(directory, "stranger")
    (directory / "nginx.conf").write_text(NGINX.format(directory=directory, port=port, daemon=daemon))
    config = directory / "aiops.toml"
    config.write_text(CONFIG.format(directory=directory, daemon=daemon, port=port, token=token_hash(TOKEN)))
    command = ["nginx", "-e", str(directory / "nginx.log"), "-p", str(directory), "-c", str(directory / "nginx.conf")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    running = spawn(config, directory / "state", directory / "log")
    try:
        running.wait_ready()
        _wait(port)
        yield Behind(directory, port, daemon)
    finally:
        running.stop()
        process.terminate()
        process.wait(60)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nginx does not listen")


@pytest.mark.parametrize(
    ("certificate", "headers", "status"),
    [
        ("netdata", {}, 200),
        ("other", {}, 403),
        (None, {}, 401),
        # nginx sets its headers in place of the sender's own.
        (None, {"X-SSL-Client-Verify": "SUCCESS", "X-SSL-Client-S-DN": "CN=netdata"}, 401),
        ("other", {"X-SSL-Client-S-DN": "CN=netdata"}, 403),
        # A certificate of another authority does not pass nginx.
        ("stranger", {}, 400),
    ],
)
def test_a_certificate_opens_its_connector(
    behind: Behind, certificate: str | None, headers: dict[str, str], status: int
) -> None:
    with behind.client(certificate, headers=headers) as client:
        answer = client.post(f"{behind.url}/ingest/netdata", json=ALERT)
        assert answer.status_code == status, answer.text


def test_a_certificate_opens_no_page_and_no_other_connector(behind: Behind) -> None:
    with behind.client("netdata") as client:
        assert client.post(f"{behind.url}/ingest/webhook", json=ALERT).status_code == 401
        assert client.get(f"{behind.url}/api/v1/incidents").status_code == 401


def test_past_the_proxy_the_headers_do_not_count(behind: Behind) -> None:
    """From an address that is no trusted proxy; here, from another address of this host."""
    headers = {"X-SSL-Client-Verify": "SUCCESS", "X-SSL-Client-S-DN": "CN=netdata"}
    transport = httpx2.HTTPTransport(local_address="127.0.0.9")
    with httpx2.Client(transport=transport, timeout=300) as client:
        answer = client.post(f"http://127.0.0.1:{behind.daemon}/ingest/netdata", json=ALERT, headers=headers)
    assert answer.status_code == 401
    assert "trusted proxy" in answer.text


def test_a_person_signs_in_below_the_path_with_secure_cookies(behind: Behind) -> None:
    with behind.client() as client:
        first = client.get(f"{behind.url}/")
        assert first.headers["location"] == "/aiops/login"
        page = client.get(f"https://localhost:{behind.port}/aiops/login")
        assert 'action="/aiops/login"' in page.text
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
        assert token
        origin = {"origin": f"https://localhost:{behind.port}", "sec-fetch-site": "same-origin"}
        form = {"token": TOKEN, "csrf": token[1]}
        signed_in = client.post(f"{behind.url}/login", data=form, headers=origin)
        assert signed_in.status_code == 303, signed_in.text
        (cookie,) = [one for one in signed_in.headers.get_list("set-cookie") if one.startswith("aiops_session")]
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=strict", "path=/aiops"} <= parts
        incidents = client.get(f"{behind.url}/")
        assert incidents.status_code == 200
        assert 'href="/aiops/' in incidents.text


def test_live_updates_pass_at_once(behind: Behind) -> None:
    """Nginx keeps nothing back: the first event comes with the head, a change within seconds."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    with behind.client(headers=headers) as client, client.stream("GET", f"{behind.url}/api/v1/stream") as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event: ")) == "event: hello"
        begun = time.monotonic()
        silence = {"matchers": ["alertname=none"], "until": time.time() + 3_600}
        with behind.client(headers=headers) as other:
            assert other.post(f"{behind.url}/api/v1/silences", json=silence).status_code < 300
        while True:
            line = next(line for line in lines if line.startswith("data: "))
            if "silences" in line:
                break
        assert time.monotonic() - begun < 20
