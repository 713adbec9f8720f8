"""Names of the listener that its tests change: the answers of a mail server's protocol."""

from __future__ import annotations

import pytest

listener = pytest.importorskip("aiops_connectors.mail.listener", reason="the extra mail is not installed")


@pytest.mark.parametrize(("answer", "code"), [("ACCEPTED", 250), ("FULL", 451), ("UNWANTED", 550)])
def test_an_answer_begins_with_its_code_and_the_enhanced_one(answer: str, code: int) -> None:
    text = getattr(listener, answer)
    first, second, _ = text.split(" ", 2)
    assert int(first) == code
    # RFC 3463: the class of the enhanced code is the first digit of the code.
    assert second[0] == first[0]
