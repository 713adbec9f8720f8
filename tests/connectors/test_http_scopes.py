"""Who may send alerts: tokens of the scope `ingest`, and no others, whatever else they may do."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.http.auth import new_token, token_hash

SECRETS = {name: new_token() for name in ("ingest", "read", "write", "both")}
TOKENS = [
    {"name": name, "scopes": ["read", "write"] if name == "both" else [name], "sha256": token_hash(secret)}
    for name, secret in SECRETS.items()
]
ALERT = [{"kind": "alert", "ts": 1_772_400_000, "name": "Down"}]


@pytest.mark.parametrize("path", ["/ingest/archive", "/api/v2/alerts"])
def test_only_a_token_for_it_may_send(serving: Any, path: str) -> None:
    body = ALERT if path == "/ingest/archive" else [{"labels": {"alertname": "Down"}}]
    with serving(tokens=TOKENS) as http:
        for name, status in (("ingest", 200), ("read", 403), ("write", 403), ("both", 403), (None, 401)):
            headers = {} if name is None else {"authorization": f"Bearer {SECRETS[name]}"}
            assert http.post(path, body, headers=headers).status_code == status, name
        assert len(http.inbox.records) == 1
