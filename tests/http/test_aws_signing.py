"""Signatures are those of the examples that AWS publishes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aiops.errors import UsageError
from aiops.http.aws_signing import AwsKeys, AwsSigner

KEYS = AwsKeys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
# IAM User Guide, "Elements of an AWS API request signature", and the published test suite of Signature Version 4.
EXAMPLES = [
    (
        ("iam", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", FORM),
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    ),
    (
        ("service", "https://example.amazonaws.com/", {}),
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    (
        ("service", "https://example.amazonaws.com/?Param2=value2&Param1=value1", {}),
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
]


@pytest.mark.parametrize(("example", "signature"), EXAMPLES)
def test_published_examples(example: tuple[str, str, dict[str, str]], signature: str) -> None:
    service, url, headers = example
    made = AwsSigner(KEYS, "us-east-1", service).headers("GET", url, headers, b"", AT)
    assert made["authorization"].endswith(f"Signature={signature}")
    assert f"Credential=AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request" in made["authorization"]


def test_a_session_token_is_sent_and_signed() -> None:
    keys = AwsKeys.parse("AKID:secret:token", "place")
    made = AwsSigner(keys, "eu-west-1", "ssm").headers("POST", "https://ssm.eu-west-1.amazonaws.com/", {}, b"{}", AT)
    assert made["x-amz-security-token"] == "token"
    assert "SignedHeaders=host;x-amz-date;x-amz-security-token" in made["authorization"]


def test_another_body_has_another_signature() -> None:
    signer = AwsSigner(KEYS, "eu-west-1", "ssm")
    made = [signer.headers("POST", "https://ssm.example/", {}, body, AT)["authorization"] for body in (b"a", b"b")]
    assert made[0] != made[1]


@pytest.mark.parametrize("value", ["", "a", "a:", ":b", "a:b:c:d", "a:b\n"])
def test_other_text_is_no_key_and_is_never_shown(value: str) -> None:
    with pytest.raises(UsageError, match=r"^secret 'x': expected ACCESS_KEY_ID\S+; got something else$"):
        AwsKeys.parse(value, "secret 'x'")
