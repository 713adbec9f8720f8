"""Proxies: chosen as curl and Go choose them, reached as they are, and never shown with their password."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.pagerduty import PagerDutySink

from aiops.errors import UsageError
from aiops.http.client import HttpClient, HttpFailure
from aiops.http.proxies import Proxy, always, from_environment, is_exempt, no_proxy, parse_proxy
from aiops.testing.receiver import Receiver
from aiops.testing.sinks import message

PROXY = {"HTTPS_PROXY": "http://proxy.example:3128"}


@pytest.mark.parametrize(
    ("environment", "target", "proxy"),
    [
        ({}, ("https", "a.example", 443), None),
        (PROXY, ("https", "a.example", 443), "http://proxy.example:3128"),
        (PROXY, ("http", "a.example", 80), None),
        ({"https_proxy": "proxy.example"}, ("https", "a.example", 443), "http://proxy.example:80"),
        ({**PROXY, "https_proxy": "http://lower:1"}, ("https", "a.example", 443), "http://lower:1"),
        ({"ALL_PROXY": "http://all:1"}, ("http", "a.example", 80), "http://all:1"),
        ({"HTTP_PROXY": "http://plain:1"}, ("http", "a.example", 80), "http://plain:1"),
        ({**PROXY, "NO_PROXY": "b.example, .example"}, ("https", "a.example", 443), None),
        ({**PROXY, "no_proxy": "*"}, ("https", "a.example", 443), None),
        ({**PROXY, "NO_PROXY": "b.example"}, ("https", "a.example", 443), "http://proxy.example:3128"),
        (PROXY, ("https", "localhost", 443), None),
        (PROXY, ("https", "127.0.0.1", 443), None),
        (PROXY, ("https", "::1", 443), None),
    ],
)
def test_the_environment_chooses(environment: dict[str, str], target: tuple[str, str, int], proxy: str | None) -> None:
    found = from_environment(environment)(*target)
    assert (found.url if found else None) == proxy


@pytest.mark.parametrize(
    ("entry", "host", "port", "is_direct"),
    [
        ("a.example", "a.example", 443, True),
        ("a.example", "A.EXAMPLE.", 443, True),
        ("a.example", "b.a.example", 443, True),
        ("*.a.example", "b.a.example", 443, True),
        ("a.example", "xa.example", 443, False),
        ("a.example:443", "a.example", 443, True),
        ("a.example:80", "a.example", 443, False),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.1", "10.0.0.1", 443, True),
        ("10.0.0.1:443", "10.0.0.1", 443, True),
        ("10.0.0.0/8", "11.0.0.1", 443, False),
        ("10.0.0.0/8", "a.example", 443, False),
        ("fd00::/8", "fd00::1", 443, True),
        ("[fd00::1]:443", "fd00::1", 443, True),
        ("[fd00::1]:80", "fd00::1", 443, False),
        ("not a network", "10.0.0.1", 443, False),
        (".", "a.example", 443, False),
    ],
)
def test_what_needs_no_proxy(entry: str, host: str, port: int, is_direct: bool) -> None:
    assert is_exempt(host, port, [entry]) == is_direct


@pytest.mark.parametrize(
    "text",
    [
        "",
        "socks5://p:1",
        "http://",
        "http://p:99999",
        "http://p/path",
        "http://p?x",
        "http://p p",
        "http://[::1",
        "ftp://p",
    ],
)
def test_what_is_no_proxy_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(UsageError, match=r"^x: expected a proxy such as"):
        parse_proxy(text, "x")
    if text:
        with pytest.raises(UsageError, match="environment variable HTTPS_PROXY: expected a proxy"):
            from_environment({"HTTPS_PROXY": text})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"proxy_url": "socks5://p:1"}, r"endpoints\.p\.proxy_url: expected a proxy"),
        (
            {"proxy_url": "http://u:secret@p:1"},
            r"expected no user or password in it; put such a URL into proxy_url_env",
        ),
        ({"proxy_url": "http://p:1", "proxy_url_env": "P"}, "either proxy_url or proxy_url_env"),
        ({"proxy_url_env": "P"}, "not set"),
        ({"cert_file": "a.pem"}, "cert_file and key_file together"),
        ({"cert_file": "/nothing", "key_file": "/nothing"}, "cert_file /nothing, key_file /nothing"),
    ],
)
def test_options_that_do_not_fit_are_named(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], said: str) -> None:
    monkeypatch.setenv("KEY", "k" * 32)
    with pytest.raises(UsageError, match=said) as refused:
        PagerDutySink("p", {"routing_key_env": "KEY", **options})
    assert "secret@" not in str(refused.value)


class PlainProxy:
    """Answers CONNECT and absolute URLs; keeps the heads that it got. It leads every name to one port of this host."""

    def __init__(self, port: int, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> None:
        self.heads: list[str] = []
        self._target, self._answer = port, answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4_096)
            self.heads.append(head.decode("latin-1"))
            if head.startswith(b"CONNECT"):
                client.sendall(self._answer)
            else:
                server.sendall(head)
            back = threading.Thread(target=_pour, args=(server, client), daemon=True)
            back.start()
            _pour(client, server)
            back.join(60)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def plain(receiver: Receiver) -> Iterator[PlainProxy]:
    proxy = PlainProxy(receiver.port)
    yield proxy
    proxy.close()


def names(host: str, port: int) -> list[str]:
    """No name leads anywhere but that of the proxy: only a proxy can reach the rest."""
    if host == "127.0.0.1":
        return ["127.0.0.1"]
    raise OSError("Name or service not known")


def test_a_plain_request_goes_to_the_proxy_whole(receiver: Receiver, plain: PlainProxy) -> None:
    client = HttpClient(allow_private=True, proxy=always(Proxy(plain.url, ("ops", "pa ss"))), resolve=names)
    assert client.send("POST", "http://hooks.example/a?b=c", body=b"{}").status == 200
    client.close()
    assert plain.heads[0].startswith("POST http://hooks.example/a?b=c HTTP/1.1\r\n")
    assert "proxy-authorization: basic " in plain.heads[0].lower()
    assert receiver.requests[0].body == b"{}"


def test_an_exempt_target_is_reached_directly(receiver: Receiver, plain: PlainProxy) -> None:
    choose = from_environment({"HTTP_PROXY": plain.url, "NO_PROXY": "hooks.example"})
    client = HttpClient(allow_private=True, proxy=choose, resolve=lambda host, port: ["127.0.0.1"])
    assert client.send("POST", f"http://hooks.example:{receiver.port}/").status == 200
    client.close()
    assert not plain.heads


@pytest.mark.parametrize(
    ("address", "said"),
    [("169.254.169.254", "a cloud's metadata service"), ("0.0.0.0", "no host's address"), ("224.0.0.1", "no host's")],
)
def test_the_guard_of_addresses_holds_for_the_proxy(address: str, said: str) -> None:
    client = HttpClient(proxy=always(Proxy("http://proxy.example:3128")), resolve=lambda host, port: [address])
    with pytest.raises(HttpFailure, match=said):
        client.send("POST", "https://hooks.example/")
    client.close()


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/",
        "https://169.254.169.254/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "https://x.localhost./",
    ],
)
def test_an_address_in_the_url_is_judged_before_the_proxy(plain: PlainProxy, url: str) -> None:
    client = HttpClient(proxy=always(Proxy(plain.url)))
    with pytest.raises(HttpFailure, match="refused to connect"):
        client.send("POST", url)
    client.close()
    assert not plain.heads


def test_a_proxy_that_refuses_is_named_without_its_password(receiver: Receiver) -> None:
    proxy = PlainProxy(receiver.port, b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
    client = HttpClient(proxy=always(parse_proxy(proxy.url.replace("//", "//ops:hunter2@"), "x")), resolve=names)
    with pytest.raises(HttpFailure) as failed:
        client.send("POST", "https://hooks.example/services/T0")
    client.close()
    proxy.close()
    assert str(failed.value) == (
        f"https://hooks.example through the proxy {proxy.url.removeprefix('http://')}: "
        "407 Proxy Authentication Required"
    )
    assert failed.value.retry


def test_no_proxy_is_the_default() -> None:
    assert no_proxy("https", "a.example", 443) is None


needs = pytest.mark.skipif(
    not all(map(shutil.which, ("tinyproxy", "openssl"))),
    reason="needs tinyproxy and openssl (apt-get install tinyproxy)",
)
TINYPROXY = """
Port {port}
Listen 127.0.0.1
Timeout 60
LogFile "{directory}/tinyproxy.log"
LogLevel Connect
MaxClients 20
BasicAuth ops hunter2
"""


@pytest.fixture
def tinyproxy(tmp_path: Path) -> Iterator[str]:
    """The URL of a real proxy that wants a password."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    config = tmp_path / "tinyproxy.conf"
    config.write_text(TINYPROXY.format(port=port, directory=tmp_path))
    process = subprocess.Popen(
        ["tinyproxy", "-d", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield f"http://ops:hunter2@127.0.0.1:{port}"
    process.terminate()
    process.wait(60)


@needs
@pytest.mark.parametrize("way", ["option", "environment"])
def test_a_message_passes_a_real_proxy_and_tls(
    tmp_path: Path, tinyproxy: str, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """By CONNECT: the certificate is checked against the receiver's name, and a client certificate is shown."""
    from tests.http.test_client_certificate import Mutual

    server = Mutual(tmp_path)
    host = socket.gethostname()
    monkeypatch.setenv("KEY", "k" * 32)
    monkeypatch.setenv("HTTPS_PROXY" if way == "environment" else "WAY_OUT", tinyproxy)
    options = {
        "routing_key_env": "KEY",
        "base_url": f"https://{host}:{server.port}",
        "ca_file": str(server.authority),
        "cert_file": str(server.client[0]),
        "key_file": str(server.client[1]),
        **({"proxy_url_env": "WAY_OUT"} if way == "option" else {}),
    }
    sink = PagerDutySink("pager", options)
    answer = sink.send(message())
    sink.close()
    server.close()
    assert answer.ok, answer.reason
    assert server.subjects == ["aiops"]
    log = (tmp_path / "tinyproxy.log").read_text()
    assert f"CONNECT {host}:{server.port}" in log
