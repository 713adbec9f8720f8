"""Models over the API: read with any token, changed only by a person whom a token names, and audited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.http.auth import Scope, Token, token_hash
from aiops.records import Tick
from tests.engine.serving.models import T0, engine_of, record, state, storm
from tests.web.conftest import Site

SCOPES: tuple[Scope, ...] = ("write", "read", "ingest")
SECRETS = {scope: scope * 10 + "x" * 20 for scope in SCOPES}


@pytest.fixture
def models(tmp_path: Path, serve: Callable[..., Any]) -> Iterator[Site]:
    """A site with a shadow and a canary of the ranker, which differ from it, and a token of each scope."""
    tokens = [Token(f"{scope}r", [scope], token_hash(secret)) for scope, secret in SECRETS.items()]
    with serve(tmp_path, tokens) as site:
        site.host.engine = engine_of()
        biased = state(bias={"web-1": 9.0})
        site.host.fold([record("shadow_model", "causes", biased)])
        site.host.fold([record("canary_model", "causes", state({"b": 1}), services="cart")])
        site.host.fold([*storm(10.0, "db", "web"), Tick(ts=T0 + 70)])
        allow(site, "write")
        yield site


def allow(site: Site, scope: Scope) -> None:
    site.client.headers["authorization"] = f"Bearer {SECRETS[scope]}"


def slots(site: Site) -> dict[str, Any]:
    found = site.client.get("/api/v1/models")
    assert found.status_code == 200, found.text
    return {one["slot"]: one for one in found.json()["slots"]}


def post(site: Site, path: str, body: Any) -> Any:
    return site.client.post(f"/api/v1/models/{path}", json=body)


def test_models_are_shown_with_their_trials(models: Site) -> None:
    allow(models, "read")
    found = slots(models)
    assert list(found) == ["causes", "playbooks", "similar"]
    assert found["causes"]["shadow"]["beside"]["compared"] == 1
    assert found["causes"]["canary"]["services"] == ["cart"]
    assert found["similar"]["shadow"] is None


def test_candidate_is_promoted_and_rolled_back_by_a_named_person(models: Site) -> None:
    shadow = slots(models)["causes"]["shadow"]["version_id"]
    done = post(models, "causes/promote", {"role": "shadow"})
    assert (done.status_code, done.json()["applied"]) == (200, True)
    found = slots(models)["causes"]
    assert (found["version_id"], found["by"], found["shadow"]) == (shadow, "writer", None)
    assert post(models, "causes/rollback", {}).json()["reason"].startswith("learner-")
    assert slots(models)["causes"]["version_id"] == found["previous"]
    audit = models.client.get("/api/v1/audit").json()["entries"]
    mine = [one for one in audit if one["text"].startswith("swap_model applied")]
    assert [one["actor"] for one in mine] == ["writer", "writer"]


def test_trial_is_ended(models: Site) -> None:
    assert post(models, "causes/end", {"role": "canary"}).status_code == 200
    assert slots(models)["causes"]["canary"] is None
    again = post(models, "causes/end", {"role": "canary"})
    assert (again.status_code, "has no canary" in again.json()["error"]) == (409, True)


@pytest.mark.parametrize("scope", SCOPES[1:])
@pytest.mark.parametrize(
    ("path", "body"), [("promote", {"role": "shadow"}), ("end", {"role": "shadow"}), ("rollback", {})]
)
def test_others_change_nothing(models: Site, scope: Scope, path: str, body: Any) -> None:
    before = slots(models)
    allow(models, scope)
    assert post(models, f"causes/{path}", body).status_code == 403
    del models.client.headers["authorization"]
    assert post(models, f"causes/{path}", body).status_code == 401
    allow(models, "write")
    assert slots(models) == before


@pytest.mark.parametrize(
    ("path", "body"), [("promote", {"role": "shadow"}), ("end", {"role": "shadow"}), ("rollback", {})]
)
def test_without_tokens_nobody_is_named_and_nothing_is_changed(site: Site, path: str, body: Any) -> None:
    site.host.engine = engine_of()
    site.host.fold([record("shadow_model", "causes", state())])
    refused = post(site, f"causes/{path}", body)
    assert (refused.status_code, "a token that names the person" in refused.json()["error"]) == (403, True)
    assert slots(site)["causes"]["shadow"] is not None


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("nose/promote", {"role": "shadow"}, 409),
        ("similar/promote", {"role": "shadow"}, 409),
        ("similar/rollback", {}, 409),
        ("causes/promote", {"role": "king"}, 400),
        ("causes/promote", {"role": "shadow", "state": "{}"}, 400),
        ("causes/promote", {}, 400),
        ("causes/rollback", {"from": "shadow"}, 400),
        ("%00/promote", {"role": "shadow"}, 409),
    ],
)
def test_request_that_does_not_fit_is_refused(models: Site, path: str, body: Any, status: int) -> None:
    before = slots(models)
    assert post(models, path, body).status_code == status
    assert slots(models) == before


def test_no_other_operation_brings_a_model(models: Site) -> None:
    body = {"action": "swap_model", "ids": [models.incident]}
    assert models.client.post("/api/v1/incidents/bulk", json=body).status_code == 400
    for verb in ("swap_model", "shadow_model", "canary_model"):
        path = f"/api/v1/incidents/{models.incident}/{verb}"
        assert models.client.post(path, json={}).status_code in (404, 405)
