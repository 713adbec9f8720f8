"""Signatures of AWS requests, Signature Version 4.

Source: "Create a signed AWS API request", AWS Identity and Access Management User Guide.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

from aiops.errors import UsageError

_ALGORITHM = "AWS4-HMAC-SHA256"


class AwsKeys(NamedTuple):
    """Credentials of AWS; temporary ones have a session token."""

    access_key: str
    secret_key: str
    token: str = ""

    @classmethod
    def parse(cls, value: str, place: str) -> AwsKeys:
        """Read `ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN]`.

        Raise `UsageError`, without the value, for other text.
        """
        parts = value.split(":")
        if len(parts) not in (2, 3) or not all(parts) or any(not part.isprintable() for part in parts):
            raise UsageError(f"{place}: expected ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN]; got something else")
        return cls(*parts)


class AwsSigner:
    """Signs requests to one service in one region."""

    def __init__(self, keys: AwsKeys, region: str, service: str) -> None:
        self._keys, self._region, self._service = keys, region, service

    def headers(self, method: str, url: str, headers: Mapping[str, str], body: bytes, at: float) -> dict[str, str]:
        """Return the headers to add at a time (Unix seconds); those given, in lower case, are signed as well.

        The path is taken as it is sent: each segment quoted once. S3 alone signs paths otherwise.
        """
        parts = urlsplit(url)
        stamp = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
        added = {"x-amz-date": stamp} | ({"x-amz-security-token": self._keys.token} if self._keys.token else {})
        signed = {**{name: " ".join(value.split()) for name, value in headers.items()}, **added, "host": parts.netloc}
        names = ";".join(sorted(signed))
        request = "\n".join(
            [
                method,
                quote(parts.path or "/", safe="/-_.~"),
                _query(parts.query),
                *(f"{name}:{signed[name]}" for name in sorted(signed)),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            ]
        )
        scope = f"{stamp[:8]}/{self._region}/{self._service}/aws4_request"
        text = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
        mark = hmac.digest(self._key(stamp[:8]), text.encode(), "sha256").hex()
        credential = f"Credential={self._keys.access_key}/{scope}"
        return {**added, "authorization": f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={mark}"}

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self._keys.secret_key}".encode()
        for part in (day, self._region, self._service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


def _query(query: str) -> str:
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in parse_qsl(query, True))
    return "&".join(f"{name}={value}" for name, value in pairs)
