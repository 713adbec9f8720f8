"""Mutants of who may send: tokens in addresses and headers, signatures, certificates that a proxy checked."""

from __future__ import annotations

from tests.mutants.model import Mutant

_ADDRESS = "connectors/aiops_connectors/http/address_token.py"
_ADMISSION = "connectors/aiops_connectors/http/admission.py"
_AUTH = "aiops/http/auth.py"
_CERTIFICATES = "connectors/aiops_connectors/http/client_certificates.py"
_FIELDS = "connectors/aiops_connectors/signatures/signed_fields.py"
_INGEST = "connectors/aiops_connectors/http/ingest.py"
_SIGNATURES = "connectors/aiops_connectors/signatures/verifier.py"

_TOKENS = ("tests/connectors/test_address_token.py",)
_WAYS = ("tests/connectors/test_admission.py",)
_PROXIES = ("tests/connectors/test_client_certificates.py",)
_SCHEMES = ("tests/connectors/test_signature_schemes.py",)
_SIGNED = ("tests/connectors/test_signatures.py",)

MUTANTS: list[Mutant] = [
    Mutant("address-token-of-any-scope", _AUTH, 'if alone and set(token.scopes) != {"ingest"}:', "if False:", _TOKENS),
    Mutant("secret-without-ingest", _AUTH, 'if "ingest" not in token.scopes:', "if False:", _WAYS),
    Mutant("address-token-stays-in-the-path", _ADDRESS, '.rpartition("/")[0]', '.rstrip("/")', _TOKENS),
    Mutant("address-token-stays-in-the-query", _ADDRESS, '"query_string": query', '"query_string_": query', _TOKENS),
    Mutant(
        "address-token-by-an-encoded-name", _ADDRESS, "if _plain(name) == PARAMETER", "if name == PARAMETER", _TOKENS
    ),
    Mutant("address-token-of-several", _ADMISSION, 'tokens[0] if len(tokens) == 1 else ""', "tokens[0]", _TOKENS),
    Mutant(
        "address-token-beside-a-signature",
        _ADMISSION,
        "        if tokens:\n            return Refusal(401, ",
        "        if False:\n            return Refusal(401, ",
        _WAYS,
    ),
    Mutant("address-token-where-it-is-not-wanted", _ADMISSION, 'if "url" not in self._ways:', "if False:", _WAYS),
    Mutant(
        "address-token-from-another-site",
        _ADMISSION,
        "        if foreign is not None:\n            return foreign\n",
        "",
        _TOKENS,
    ),
    Mutant(
        "token-header-falls-through",
        _ADMISSION,
        "if self._header and self._header in headers:",
        "if self._header and headers.get(self._header):",
        _WAYS,
    ),
    Mutant(
        "token-bearer-where-it-is-not-wanted",
        _ADMISSION,
        'if kind in ("bearer", "basic") and kind not in self._ways:',
        "if False:",
        _WAYS,
    ),
    Mutant("two-ways-to-authenticate", _ADMISSION, "if len(ways) + by_token > 1:", "if len(ways) > 2:", _WAYS),
    Mutant("header-token-without-tokens", _ADMISSION, "if by_token and not has_tokens:", "if False:", _WAYS),
    Mutant(
        "connector-without-a-way",
        _ADMISSION,
        "if own.token_in is not None and not own.token_in and",
        "if False and",
        _WAYS,
    ),
    Mutant("unsigned-query-is-read", _INGEST, '{**clean, "query_string": b""}', "{**clean}", _WAYS),
    Mutant("certificate-by-anybody", _CERTIFICATES, "if not is_within(peer, self._proxies):", "if False:", _PROXIES),
    Mutant(
        "certificate-of-another-network",
        _CERTIFICATES,
        "return any(address in network for network in proxies)",
        "return bool(proxies)",
        _PROXIES,
    ),
    Mutant(
        "certificate-mapped-address",
        _CERTIFICATES,
        'unwrapped(ip_address(peer.partition("%")[0]))',
        'ip_address(peer.partition("%")[0])',
        _PROXIES,
    ),
    Mutant(
        "certificate-not-verified",
        _CERTIFICATES,
        "if self._verify and not self._is_verified(given):",
        "if False:",
        _PROXIES,
    ),
    Mutant(
        "certificate-of-any-subject",
        _CERTIFICATES,
        "if self._subject and not self._is_admitted(given):",
        "if False:",
        _PROXIES,
    ),
    Mutant(
        "certificate-header-twice",
        _CERTIFICATES,
        "found[0].strip() if len(found) == 1",
        "found[0].strip() if found",
        _PROXIES,
    ),
    Mutant("certificate-without-proxies", _CERTIFICATES, "        if not proxies:\n", "        if False:\n", _WAYS),
    Mutant("certificate-proxies-are-everybody", _CERTIFICATES, "if network.prefixlen == 0:", "if False:", _WAYS),
    Mutant(
        "certificate-of-several-elements",
        _CERTIFICATES,
        '        if end == b",":\n            return []\n',
        "",
        _PROXIES,
    ),
    Mutant("certificate-quotes", _CERTIFICATES, "return [] if is_quoted else [", "return [", _PROXIES),
    Mutant("certificate-escapes", _CERTIFICATES, "if is_quoted and sign ==", "if False and sign ==", _PROXIES),
    Mutant(
        "signature-of-another-digest",
        _SIGNATURES,
        "for digest in self._scheme.digests",
        'for digest in ("sha1", "sha256", "sha512")',
        _SCHEMES,
    ),
    Mutant(
        "signature-prefix-may-miss",
        _SIGNATURES,
        "part.startswith(scheme.prefix) or not scheme.is_prefix_needed",
        "True",
        _SCHEMES,
    ),
    Mutant(
        "signature-without-the-time",
        _SIGNATURES,
        "if abs(int(timestamp) - now) > self._window_s:",
        "if False:",
        _SCHEMES,
    ),
    Mutant("signature-of-the-future", _SIGNATURES, "abs(int(timestamp) - now)", "(now - int(timestamp))", _SCHEMES),
    Mutant(
        "signature-time-of-a-pair",
        _SIGNATURES,
        'return self._in_window(times[0] if times else "", f"header {self._header}", now)',
        "return times[0].encode()",
        _SCHEMES,
    ),
    Mutant("signature-secret-is-not-set", _SIGNATURES, "    if not secret:\n", "    if False:\n", _SIGNED),
    Mutant("signature-replayed", _SIGNATURES, "return identity in self._seen", "return False", _SIGNED),
    Mutant("signature-forgets-too-soon", _SIGNATURES, "now - 2 * self._window_s", "now - self._window_s", _SIGNED),
    Mutant(
        "signature-of-anything", _SIGNATURES, "any(hmac.compare_digest(right, one) for one in found)", "found", _SIGNED
    ),
    Mutant(
        "fields-by-another-key",
        _SIGNATURES,
        "if not any(proof.is_by(key) for key in self._keys):",
        "if False:",
        _SCHEMES,
    ),
    Mutant("fields-without-the-time", _SIGNATURES, "if proof.time is not None:", "if False:", _SCHEMES),
    Mutant("fields-with-an-empty-one", _FIELDS, "if not given or not all(parts):", "if not given:", _SCHEMES),
]
