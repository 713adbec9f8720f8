"""Alertmanager's API over hostile requests: an answer of the API's own, and nothing changes by accident."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.conftest import Site, serving

TEXT = st.text(max_size=20) | st.sampled_from(
    ["", "\x00", "\ud800", "(", "(a+)+$", "a" * 5_000, "../../etc/passwd", "{{7*7}}", "1e400", "9999-99-99T99:99:99Z"]
)
JSON = st.recursive(
    TEXT | st.booleans() | st.none() | st.integers(-(2**70), 2**70) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TIME = st.sampled_from(
    ["2026-03-01T21:00:00Z", "2026-03-01T23:00:00Z", "2026-03-01T23:00:00+25:00", "0001-01-01T00:00:00Z"]
)
MATCHERS = st.lists(
    st.fixed_dictionaries(
        {"name": TEXT, "value": TEXT, "isRegex": st.booleans() | JSON}, optional={"isEqual": st.booleans() | JSON}
    ),
    max_size=3,
)
SILENCES = st.fixed_dictionaries(
    {"matchers": MATCHERS | JSON, "startsAt": TIME | TEXT, "endsAt": TIME | TEXT, "createdBy": TEXT, "comment": TEXT},
    optional={"id": TEXT | JSON, "more": JSON},
)
NAMES = st.sampled_from(["filter", "receiver", "active", "silenced", "creator", "x"])
SETTINGS = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("state")) as found:
        yield found


@SETTINGS
@given(
    st.sampled_from(["alerts", "alerts/groups", "silences"]),
    st.lists(st.tuples(NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=40)), max_size=3),
)
def test_any_query_is_answered_or_refused_with_a_sentence(still: Site, path: str, query: list[tuple[str, str]]) -> None:
    answer = still.client.get(f"/api/v2/{path}", params=list(query))
    assert answer.status_code in (200, 400, 500)
    assert isinstance(answer.json(), list if answer.status_code == 200 else str)
    if answer.status_code == 500:
        assert "internal error" not in answer.json()


@SETTINGS
@given(SILENCES | JSON)
def test_any_silence_is_set_or_refused_with_a_sentence(still: Site, body: Any) -> None:
    before = len(still.client.get("/api/v2/silences").json())
    sent = json.dumps(body).encode()
    answer = still.client.post("/api/v2/silences", content=sent, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 400, 404), answer.text
    after = len(still.client.get("/api/v2/silences").json())
    assert after - before == int(answer.status_code == 200)
    if answer.status_code != 200:
        assert isinstance(answer.json(), str)
        assert "internal error" not in answer.json()


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[" * 100_000, b'{"matchers":' * 2_000, b'{"a": 1e999}', b"x" * (300 << 10)]
)
def test_a_body_that_is_no_silence_is_refused(still: Site, body: bytes) -> None:
    answer = still.client.post("/api/v2/silences", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert isinstance(answer.json(), str)


@pytest.mark.parametrize("name", ["..%2F..%2Fetc", "%00", "a" * 2_000, "%F0%9F%98%80", "'; drop table incidents; --"])
def test_any_id_is_looked_up_as_text(still: Site, name: str) -> None:
    assert still.client.get(f"/api/v2/silence/{name}").status_code == 404
    assert still.client.delete(f"/api/v2/silence/{name}").status_code in (404, 500)
