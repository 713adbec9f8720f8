"""A proxy's word about a certificate counts if the proxy said it, once, and about a subject that may send."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.http.client_certificates import CertificateCheck, ClientCertificate, envoy_names, networks

ALERT = {"title": "Disk full"}
SUBJECT = "CN=netdata,O=Acme"
OWN = {
    "nginx": {
        "mapping": "webhook",
        "client_certificate": {
            "verify_header": "X-SSL-Client-Verify",
            "subject_header": "X-SSL-Client-S-DN",
            "subjects": [SUBJECT],
        },
    },
    "any": {"mapping": "webhook", "client_certificate": {"verify_header": "X-SSL-Client-Verify", "verified": "0"}},
    "envoy": {
        "mapping": "webhook",
        "client_certificate": {
            "subject_header": "X-Forwarded-Client-Cert",
            "subjects": ["spiffe://acme/netdata", SUBJECT],
        },
    },
}
GOOD = [("X-SSL-Client-Verify", "SUCCESS"), ("X-SSL-Client-S-DN", SUBJECT)]


@pytest.mark.parametrize(
    ("connector", "headers", "status"),
    [
        ("nginx", GOOD, 200),
        ("nginx", GOOD[:1], 403),
        ("nginx", GOOD[1:], 401),
        ("nginx", [("X-SSL-Client-Verify", "FAILED:expired"), GOOD[1]], 401),
        ("nginx", [("X-SSL-Client-Verify", "NONE"), GOOD[1]], 401),
        ("nginx", [GOOD[0], ("X-SSL-Client-S-DN", f"{SUBJECT},OU=x")], 403),
        ("nginx", [GOOD[0], ("X-SSL-Client-S-DN", "")], 403),
        ("nginx", [*GOOD, ("X-SSL-Client-Verify", "SUCCESS")], 401),
        ("nginx", [*GOOD, ("X-SSL-Client-S-DN", "CN=other")], 403),
        ("any", [("X-SSL-Client-Verify", "0")], 200),
        ("any", [("X-SSL-Client-Verify", "SUCCESS")], 401),
        ("envoy", [("X-Forwarded-Client-Cert", 'By=spiffe://acme/us;Hash=ab;URI="spiffe://acme/netdata"')], 200),
        ("envoy", [("X-Forwarded-Client-Cert", f'By=x;Subject="{SUBJECT}";DNS=a;DNS=b')], 200),
        ("envoy", [("X-Forwarded-Client-Cert", "By=spiffe://acme/netdata;URI=spiffe://acme/other")], 403),
        ("envoy", [("X-Forwarded-Client-Cert", "URI=spiffe://acme/netdata,URI=spiffe://acme/other")], 403),
        ("envoy", [("X-Forwarded-Client-Cert", 'Subject="x;URI=spiffe://acme/netdata')], 403),
        ("envoy", [("X-Forwarded-Client-Cert", 'Subject="x\\";URI=spiffe://acme/netdata;x=\\""')], 403),
        ("envoy", [], 403),
    ],
)
def test_a_certificate_counts_by_the_headers_of_the_proxy(
    serving: Any, connector: str, headers: list[tuple[str, str]], status: int
) -> None:
    with serving(connectors=OWN, trusted_proxies=["127.0.0.0/8"]) as http:
        answer = http.post(f"/ingest/{connector}", ALERT, headers=headers)
        assert answer.status_code == status, answer.text
        assert len(http.inbox.records) == (status == 200)


@pytest.mark.parametrize("proxies", [["127.0.0.2"], ["10.0.0.0/8", "::1"]])
def test_the_same_headers_from_anybody_else_do_not_count(serving: Any, proxies: list[str]) -> None:
    with serving(connectors=OWN, trusted_proxies=proxies) as http:
        answer = http.post("/ingest/nginx", ALERT, headers=GOOD)
        assert answer.status_code == 401
        assert "trusted proxy" in answer.text


def test_a_token_in_the_address_does_not_stand_in_for_a_certificate(serving: Any) -> None:
    with serving(connectors=OWN, trusted_proxies=["127.0.0.1"]) as http:
        assert http.post("/ingest/nginx/token", ALERT, headers=GOOD).status_code == 401


@pytest.mark.parametrize(
    ("peer", "is_trusted"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("fd00::1%eth0", True), ("11.0.0.1", False), ("", False)],
)
def test_the_peer_decides_who_is_a_proxy(peer: str, is_trusted: bool) -> None:
    check = CertificateCheck(ClientCertificate("X-V"), networks(["10.0.0.0/8", "fd00::/8"], "x"), "x")
    assert (check.refusal(peer, [(b"x-v", b"SUCCESS")]) is None) == is_trusted


def test_the_header_of_envoy_is_read_in_linear_time() -> None:
    assert envoy_names(b'Subject="' + b"a" * 50_000) == []
    assert len(envoy_names(b"URI=a;" * 10_000)) == 10_000
