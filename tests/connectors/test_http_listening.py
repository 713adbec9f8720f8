"""Where the HTTP source listens: TLS, IPv6, a port in use, and being started again after a fall."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiops_connectors.http.source import HttpSource

from aiops.errors import AiopsError, UsageError
from aiops.testing.inbox import MemoryInbox

GROUP = {"alerts": [{"labels": {"alertname": "Down", "host": "w1"}}]}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_tls(serving: Any, tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-nodes"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command = ["openssl", "req", "-x509", *curve, "-keyout", str(key), "-out", str(cert), *subject]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    with serving(certfile=str(cert), keyfile=str(key)) as http:
        trusted = ssl.create_default_context(cafile=str(cert))
        url = f"https://127.0.0.1:{http.port}/ingest/alertmanager"
        with httpx2.Client(verify=trusted, timeout=300) as client:
            assert client.post(url, json=GROUP).status_code == 200
        assert len(http.inbox.records) == 1


def test_ipv6(serving: Any) -> None:
    if not socket.has_ipv6:
        pytest.skip("needs IPv6")
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("needs an IPv6 loopback")
    with serving(host="::1") as http:
        assert httpx2.post(f"http://[::1]:{http.port}/ingest/alertmanager", json=GROUP, timeout=300).status_code == 200


def test_ingest_is_below_the_path_of_the_site_as_well(serving: Any) -> None:
    with serving(external_url="http://127.0.0.1/aiops/") as http:
        for base in ("", "/aiops"):
            assert http.post(f"{base}/ingest/alertmanager", GROUP).status_code == 200
            assert http.post(f"{base}/api/v2/alerts", GROUP["alerts"]).status_code == 200
        assert http.post("/aiopsingest/alertmanager", GROUP).status_code == 404


@pytest.mark.parametrize("url", ["ops.example.org", "https://ops.example.org/a b"])
def test_an_address_that_pages_cannot_lie_below_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(UsageError, match=r"http\.external_url: expected an address"):
        HttpSource("http", {"external_url": url})


def test_a_page_of_another_site_cannot_post_alerts(serving: Any) -> None:
    with serving() as http:
        own = f"http://127.0.0.1:{http.port}"
        for headers in (
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:3000"},
            {"origin": "http://127.0.0.1:3000"},
            {"origin": "null"},
        ):
            assert http.post("/ingest/alertmanager", GROUP, headers=headers).status_code == 403
        assert http.post("/ingest/alertmanager", GROUP, headers={"origin": own}).status_code == 200


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        source = HttpSource("http", {"port": taken.getsockname()[1]})
        with pytest.raises(AiopsError, match=r"cannot listen on 127\.0\.0\.1"):
            source.run(MemoryInbox(), None)


def test_it_runs_again_after_a_fall() -> None:
    source = HttpSource("http", {"port": 0})
    for _ in range(2):
        inbox = MemoryInbox()
        thread = threading.Thread(target=source.run, args=(inbox, None))
        thread.start()
        port = wait_started(source, thread)
        url = f"http://127.0.0.1:{port}/ingest/alertmanager"
        assert httpx2.post(url, json=GROUP, timeout=300).status_code == 200
        assert len(inbox.records) == 1
        fall(source)
        thread.join(120)
        assert not thread.is_alive()


def wait_started(source: HttpSource, thread: threading.Thread) -> int:
    port = source.wait_started(120)
    assert port is not None
    assert thread.is_alive()
    return port


def fall(source: HttpSource) -> None:
    """End the server as a fault would, without the source having been asked to stop."""
    assert source._server is not None
    source._server.stop()
