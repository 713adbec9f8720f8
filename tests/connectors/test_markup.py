"""Names in chats that read markup stay as they are written."""

from __future__ import annotations

import pytest
from aiops_connectors.texts.markup import markdown, without_mentions, without_pictures
from aiops_connectors.texts.paragraphs import paragraphs
from markdown_it import MarkdownIt

from tests.connectors.design_incident import message, resolved


@pytest.mark.parametrize(
    "name", ["*bold*", "_x_ `code` ~~gone~~", "[a](http://x.example)", "# head", "a\\*b", "<b>x</b>"]
)
def test_markdown_shows_a_name_as_it_is(name: str) -> None:
    page = MarkdownIt().render(markdown(name))
    assert not any(tag in page for tag in ("<em>", "<strong>", "<code>", "<a ", "<h1>", "<b>", "<s>"))


@pytest.mark.parametrize("text", ["@everyone", "@here now", "<@U123>", "<!channel>", "<users/all>", "<@&42>", "<#C1>"])
def test_nobody_is_called(text: str) -> None:
    parted = without_mentions(text)
    assert text not in parted
    assert parted.replace("\u200b", "") == text


def test_an_address_of_mail_and_a_time_stay_readable() -> None:
    assert without_mentions("load < 3") == "load < 3"
    assert without_pictures("at 10:30, a:b") == "at 10:30, a:b"


def test_paragraphs_are_the_sentences_of_a_message() -> None:
    assert paragraphs(message()) == [
        "Critical: payments-api failing since deploy 8.14.6.",
        "Deploy 8.14.6 went out 24 s before the first alert. Errors of its callers lead to it.",
        "Affected: payments-gateway, payments-sync, payments-api: 10 entities. 20 alerts in 1 min.",
    ]
    assert paragraphs(message("updated", news=["severity: now critical, was high", "new: A on b (high)"]))[1] == (
        "New: A on b (high)."
    )
    assert paragraphs(resolved(resolved_by="alice"))[1] == "Resolved by alice. 604 alerts."
    assert paragraphs(message("merged", merged_into="inc-0"))[1:] == []
