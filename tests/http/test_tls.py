"""TLS with the name while the connection goes to the checked address: server name, certificate, `ca_file`."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from aiops.errors import UsageError
from aiops.http.client import HttpClient, HttpFailure

NAME = "hooks.example.org"
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")


class TlsServer:
    """Answers 200 to everything over TLS, and keeps the server names that were asked for."""

    def __init__(self, directory: Path) -> None:
        self.names: list[str | None] = []
        self.certificate = directory / "cert.pem"
        key = directory / "key.pem"
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        make += ["-keyout", str(key), "-out", str(self.certificate), "-days", "2", "-subj", f"/CN={NAME}"]
        subprocess.run([*make, "-addext", f"subjectAltName=DNS:{NAME}"], check=True, capture_output=True, timeout=300)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self._context.sni_callback = lambda connection, name, context: self.names.append(name)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self._socket.accept()
            except OSError:
                return
            raw.settimeout(5)
            try:
                with self._context.wrap_socket(raw, server_side=True) as connection:
                    connection.recv(65_536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
            except OSError:
                raw.close()

    def close(self) -> None:
        # A listening socket is woken from `accept` by a shutdown, not by a close.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(120)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    found = TlsServer(tmp_path_factory.mktemp("tls"))
    yield found
    found.close()


def here(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def test_server_name_and_certificate_are_those_of_the_name(server: TlsServer) -> None:
    client = HttpClient(allow_private=True, ca_file=str(server.certificate), resolve=here)
    assert client.send("POST", f"https://{NAME}:{server.port}/in").status == 200
    assert server.names[-1] == NAME
    client.close()


def test_a_certificate_of_another_name_is_refused(server: TlsServer) -> None:
    client = HttpClient(allow_private=True, ca_file=str(server.certificate), resolve=here)
    with pytest.raises(HttpFailure, match=r"(?i)certificate") as caught:
        client.send("POST", f"https://other.example.org:{server.port}/T0SECRET")
    assert "T0SECRET" not in str(caught.value)
    assert caught.value.retry, "certificates are renewed"
    client.close()


def test_an_unknown_authority_is_refused(server: TlsServer) -> None:
    client = HttpClient(allow_private=True, resolve=here)
    with pytest.raises(HttpFailure, match=r"(?i)certificate"):
        client.send("POST", f"https://{NAME}:{server.port}/")
    client.close()


def test_a_file_without_certificates_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(UsageError, match="expected certificates in PEM"):
            HttpClient(ca_file=str(tmp_path / name))
