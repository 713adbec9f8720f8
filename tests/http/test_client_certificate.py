"""A client certificate is shown to a receiver that requires one, and to nobody else."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.errors import UsageError
from aiops.http.client import HttpClient, HttpFailure

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificates with openssl")


def made(directory: Path, name: str, issuer: Path | None = None) -> tuple[Path, Path]:
    """Make a certificate with its key, self-signed or issued by `issuer` (its key beside it)."""
    certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", f"/CN={name}"]
    names = f"DNS:localhost,DNS:{socket.gethostname()},IP:127.0.0.1"
    command += ["-addext", f"subjectAltName={names}"]
    if issuer is not None:
        command += ["-CA", str(issuer), "-CAkey", str(issuer.with_suffix(".key"))]
        command += ["-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return certificate, key


def read_request(connection: ssl.SSLSocket) -> None:
    """Read head and body: closing a connection with bytes unread would break off the answer."""
    data = b""
    while True:
        data += connection.recv(65_536)
        head, gap, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        if gap and len(body) >= length:
            return


class Mutual:
    """Answers 202 over TLS to clients with a certificate of its authority."""

    def __init__(self, directory: Path) -> None:
        self.authority, _ = made(directory, "authority")
        server = made(directory, "server", self.authority)
        self.client = made(directory, "aiops", self.authority)
        self.subjects: list[str] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*server)
        self._context.load_verify_locations(self.authority)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._socket = socket.create_server(("0.0.0.0", 0))
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
                    found = connection.getpeercert() or {}
                    read_request(connection)
                    parts = [part[0] for part in found["subject"]]
                    self.subjects.append(str(dict(parts)["commonName"]))  # type: ignore[arg-type]
                    connection.sendall(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
            except OSError:
                raw.close()

    def close(self) -> None:
        # A listening socket is woken from `accept` by a shutdown, not by a close.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(120)


@pytest.fixture
def mutual(tmp_path: Path) -> Iterator[Mutual]:
    server = Mutual(tmp_path)
    yield server
    server.close()


def client(mutual: Mutual, certificate: tuple[Path, Path] | None) -> HttpClient:
    own = None if certificate is None else (str(certificate[0]), str(certificate[1]))
    return HttpClient(allow_private=True, ca_file=str(mutual.authority), certificate=own)


def test_the_certificate_opens_the_receiver(mutual: Mutual) -> None:
    found = client(mutual, mutual.client)
    assert found.send("POST", f"https://127.0.0.1:{mutual.port}/", body=b"{}").status == 202
    found.close()
    assert mutual.subjects == ["aiops"]


def test_without_the_certificate_it_stays_closed(mutual: Mutual, tmp_path: Path) -> None:
    stranger = made(tmp_path, "stranger")
    for certificate in (None, stranger):
        found = client(mutual, certificate)
        with pytest.raises(HttpFailure) as failed:
            found.send("POST", f"https://127.0.0.1:{mutual.port}/", body=b"{}")
        assert failed.value.retry
        found.close()
    assert mutual.subjects == []


def test_a_key_of_another_certificate_is_an_error_at_the_start(mutual: Mutual, tmp_path: Path) -> None:
    _, other = made(tmp_path, "other")
    with pytest.raises(UsageError, match=r"cert_file .*aiops\.pem, key_file .*other\.key: .*expected a certificate"):
        client(mutual, (mutual.client[0], other))
