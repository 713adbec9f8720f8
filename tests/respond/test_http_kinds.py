"""The kinds `http` and `webhook`: whole values in their places, effects by the method alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.respond.http_kinds import Http, HttpKind, Webhook, WebhookKind
from aiops.step_kinds.exchange import Prepared


def prepared(step: Http | Webhook, values: dict[str, Any]) -> Prepared:
    """The request of a step."""
    if isinstance(step, Http):
        return HttpKind().prepare(step, values, None)
    return WebhookKind().prepare(step, values, None)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=30))
def test_a_value_never_leaves_its_path_segment(value: str) -> None:
    step = Http(name="call", url="https://ops.example/hosts", path=["{{ x }}", "restart"], query={"q": "{{ x }}"})
    try:
        made = prepared(step, {"x": value})
    except (UsageError, UnicodeEncodeError):
        return
    assert made.url.startswith("https://ops.example/hosts/")
    assert made.url.split("?")[0].count("/") == 5


@pytest.mark.parametrize("value", ["..", "."])
def test_a_path_cannot_climb(value: str) -> None:
    with pytest.raises(UsageError, match="path segment"):
        prepared(Http(name="call", url="https://ops.example/hosts", path=["{{ x }}"]), {"x": value})


def test_a_webhook_names_its_secret_and_never_holds_it() -> None:
    made = prepared(
        Webhook(name="tell", url="https://ops.example/hook", body={"n": "{{ n }}"}, secret="ops-hook"), {"n": 2}
    )
    assert (made.method, made.body, made.secret) == ("POST", {"n": 2}, "ops-hook")


@pytest.mark.parametrize(("method", "blast"), [("GET", "none"), ("HEAD", "none"), ("POST", "site"), ("DELETE", "site")])
def test_a_request_that_may_change_something_may_change_anything(method: Any, blast: str) -> None:
    effect = HttpKind().effect(Http(name="call", url="https://ops.example", method=method, idempotent=True))
    assert (effect.blast, effect.reversible, effect.idempotent) == (blast, blast == "none", blast == "none")


def test_only_what_is_declared_idempotent_is_repeated() -> None:
    given: dict[str, Any] = {"name": "call", "url": "https://ops.example", "attempts": 3}
    assert prepared(Http(**given), {}).attempts == 1
    assert prepared(Http(**given, idempotent=True), {}).attempts == 3


@pytest.mark.parametrize("header", ["Host", "authorization", "Content-Length", "Transfer-Encoding", "Connection"])
def test_headers_of_the_client_itself_are_refused(header: str) -> None:
    step = Http(name="call", url="https://ops.example/hosts", headers={header: "x"})
    with pytest.raises(UsageError, match="cannot be set"):
        prepared(step, {})
    assert prepared(Http(name="call", url="https://ops.example/hosts", headers={"X-Team": "a"}), {}).headers
