"""One object for what is equal; tables that never grow without end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.interning import Shared

TEXT = st.text(max_size=5)


def copy(text: str) -> str:
    return "".join(list(text)) if len(text) > 1 else text


def test_equal_texts_become_one_object() -> None:
    shared = Shared()
    one, other = "a service " + str(1), "a service " + str(1)
    assert one is not other
    assert shared.text(one) is shared.text(other)
    assert shared.text(None) is None


def test_parts_of_labels_are_shared_as_well() -> None:
    shared = Shared()
    text = shared.text(copy("production"))
    labels = shared.labels(((copy("env"), copy("production")),))
    assert labels[0][1] is text
    assert shared.labels((("env", "production"),)) is labels
    assert shared.mapping({"env": "production"}) is shared.mapping({"env": "production"})
    assert shared.mapping({"env": "production"})["env"] is text


@given(st.dictionaries(TEXT, TEXT, max_size=4), TEXT, TEXT, st.one_of(st.none(), TEXT))
def test_sharing_changes_no_value(labels: dict[str, str], name: str, entity: str, service: str | None) -> None:
    shared = Shared(limit=3)
    pairs = tuple(labels.items())
    identity = ("source", name, entity, service, pairs)
    for _ in range(3):
        assert shared.text(name) == name
        assert shared.labels(pairs) == pairs
        assert list(shared.mapping(labels).items()) == list(labels.items())
        assert shared.identity(identity) == identity
        assert hash(shared.identity(identity)) == hash(identity)


def test_tables_are_begun_anew_when_they_are_full() -> None:
    shared = Shared(limit=10)
    for number in range(1_000):
        shared.text(f"t{number}")
        shared.labels(((f"k{number}", "v"),))
        shared.mapping({f"m{number}": "v"})
        assert shared.size <= 3 * 10 + 3


def test_identity_without_a_source_or_service_keeps_none() -> None:
    assert Shared().identity((None, "a", "b", None, ())) == (None, "a", "b", None, ())
    assert Shared().identity(("", "a", "b", "", ())) == ("", "a", "b", "", ())
