"""Signatures of what is sent, against the library of the standard's authors."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
import standardwebhooks

from aiops.errors import UsageError
from aiops.http.signing import key_of, signature_headers

NOW = 1_772_400_000.75
BODY = '{"incident": "i-1", "title": "Füll"}'.encode()


def secret(count: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(count))).decode()


def test_the_library_of_the_standard_signs_the_same() -> None:
    headers = signature_headers([key_of(secret(32), "endpoints.pager")], "msg_1", NOW, BODY)
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg_1", "1772400000")
    webhook = standardwebhooks.Webhook(secret(32))
    moment = datetime.fromtimestamp(1_772_400_000, UTC)
    assert headers["webhook-signature"] == webhook.sign(msg_id="msg_1", timestamp=moment, data=BODY.decode())


def test_id_time_and_body_are_all_signed() -> None:
    keys = [key_of(secret(32), "x")]
    marks = {
        signature_headers(keys, name, at, body)["webhook-signature"]
        for name in ("msg_1", "msg_2")
        for at in (NOW, NOW + 1)
        for body in (BODY, BODY + b" ")
    }
    assert len(marks) == 8


def test_several_keys_sign_side_by_side() -> None:
    one, other = key_of(secret(32), "x"), key_of(secret(40), "x")
    both = signature_headers([one, other], "msg_1", NOW, BODY)["webhook-signature"].split(" ")
    assert both == [signature_headers([key], "msg_1", NOW, BODY)["webhook-signature"] for key in (one, other)]
    assert all(mark.startswith("v1,") for mark in both)


def test_without_a_key_nothing_is_signed() -> None:
    assert set(signature_headers([], "msg_1", NOW, BODY)) == {"webhook-id", "webhook-timestamp"}


@pytest.mark.parametrize(("count", "is_good"), [(0, False), (23, False), (24, True), (64, True), (65, False)])
def test_a_key_has_24_to_64_bytes(count: int, is_good: bool) -> None:
    if is_good:
        assert key_of(secret(count), "x") == key_of(f" {secret(count)[6:]}\n", "x") == bytes(range(count))
        return
    with pytest.raises(UsageError, match=r"^endpoints\.pager: expected whsec_") as error:
        key_of(secret(count), "endpoints.pager")
    assert secret(count)[6:] not in str(error.value) or not count


@pytest.mark.parametrize("text", ["whsec_!!!!", "whsec_ß", "nothing"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        key_of(text, "x")
