"""Words of an incident: names whole, in parts and in camel case; bounded for any payload."""

from __future__ import annotations

import pytest

from aiops.records import Incident
from aiops.search.words import (
    ALERT,
    ENTITY,
    LABEL,
    MAX_NAME,
    MAX_TERMS,
    SERVICE,
    SOURCE,
    TEAM,
    WORD,
    camel,
    digest_of,
    named,
    split,
    words_of,
)
from tests.search.stored import incident, member


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("-/:.", []),
        ("disk", ["disk"]),
        ("payments-api-7", ["payments", "api", "7"]),
        ("node_exporter", ["node", "exporter"]),
        ("KubeHPAMaxedOut", ["kubehpamaxedout", "kube", "hpa", "maxed", "out"]),
        ("Straße 7", ["strasse", "7"]),
        ("請求書 エラー", ["請求書", "エラー"]),
    ],
)
def test_a_text_is_split(text: str, words: list[str]) -> None:
    assert split(text) == words


def test_camel_case_is_split_before_the_last_capital() -> None:
    assert camel("HTTPServerDown") == ["http", "server", "down"]
    assert camel("x") == ["x"]


def test_names_are_terms_of_their_kind() -> None:
    one = incident(
        "inc-1",
        member("DiskFull", "db-1", service="orders", source="node", labels={"team": "data", "env": "prod"}),
        member("DiskFull", "db-2", service="orders", source="node", message="No space left"),
    )
    terms = set(words_of(one, ["Two disks"]).terms)
    assert {(ALERT, "diskfull"), (ENTITY, "db-1"), (ENTITY, "db-2"), (SERVICE, "orders"), (SOURCE, "node")} <= terms
    assert {(TEAM, "data"), (LABEL, "env=prod"), (WORD, "space"), (WORD, "disks"), (WORD, "inc")} <= terms
    assert (named(one).services, named(one).sources, named(one).teams) == (["orders"], ["node"], ["data"])


def test_text_holds_each_line_once_in_lower_case() -> None:
    one = incident("inc-1", member("A", "x", message="No  SPACE\nleft"), member("B", "x", message="No  SPACE\nleft"))
    assert words_of(one, []).text.split("\n").count("no space left") == 1


def test_hostile_payloads_are_bounded() -> None:
    labels = {f"label-{n}": "v" * 10_000 for n in range(300)}
    one = incident("inc-1", *(member(f"N{n}" * 5_000, f"e-{n}" * 5_000, labels=labels) for n in range(100)))
    found = words_of(one, ["t" * 100_000])
    assert len(found.terms) <= MAX_TERMS
    assert max(len(word) for _, word in found.terms) <= MAX_NAME
    assert len(found.text) < 310_000


def test_digest_changes_with_names_only() -> None:
    one = incident("inc-1", member("A", "x"))
    busier = incident("inc-1", member("A", "x", count=99, message="later"), alert_count=99, title="A on x, again")
    other = incident("inc-1", member("A", "x"), member("B", "x"))
    assert digest_of(one) == digest_of(busier) != digest_of(other)
    assert isinstance(digest_of(Incident(id="\ud800")), int)
