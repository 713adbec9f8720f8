"""Search of runbooks: names, long manuals and terse entries are all found."""

from __future__ import annotations

from aiops_models.playbooks.runbook_search import RunbookSearch, runbook_text
from aiops_models.retrieval import weighted

from aiops.respond.runbooks import headings, parse, passages

FILLER = "\n".join(
    f"## Part {n}\nGeneral words about operations, tickets, people and procedure {n}." for n in range(40)
)
MANUAL = f"# Postgres manual\n{FILLER}\n## Replication lag\nThe replica falls behind; check the slots of replication.\n"
BOOKS = [
    parse("docs/patroni/postgres", MANUAL),
    parse("docs/redis/eviction", "# Eviction\nRaise the memory limit or find the growing keys."),
    parse("docs/mail/queue", "# Mail queue\nThe queue of letters grows. Restart the sender."),
    parse("docs/ssl/expiry", "# Renewal\n<!-- replication replication -->\nIssue it again."),
]


def best(text: str, **more: float) -> list[int]:
    return [found.index for found in RunbookSearch(BOOKS).best(weighted([(text, 1.0)]), 4)]


def test_a_section_of_a_long_manual_is_found() -> None:
    assert best("replication lag of the replica")[0] == 0


def test_a_name_and_a_folder_are_words_of_a_runbook() -> None:
    assert best("redis keys")[0] == 1
    assert best("ssl expiry") == [3]


def test_comments_are_no_text() -> None:
    assert 3 not in best("replication")


def test_scores_shares_and_extra_evidence() -> None:
    search = RunbookSearch(BOOKS)
    query = weighted([("mail queue grows", 1.0)])
    found = search.best(query, 4)
    assert found[0].index == 2
    assert 0.9 <= found[0].score <= 1.0
    assert (found[0].share, found[0].words) == (1.0, 3)
    assert search.best(query, 1, {3: 2.0})[0].index == 3
    assert search.best({}, 4) == []
    assert RunbookSearch([]).best(query, 4) == []


def test_parts_and_headings_of_a_runbook() -> None:
    code = "```\n# no heading here\n```"
    text = f"# A\nWords about the full disk.\n## Meaning\nToo many logs.\n### Old logs\nRemove the oldest.\n{code}"
    book = parse("a", text)
    assert headings(book) == ["Old logs"]
    parts = ["Words about the full disk.", f"### Old logs\nRemove the oldest.\n{code}"]
    assert [passages(book)[0], passages(book)[-1]] == parts
    assert set(runbook_text(book)) == {"name", "folder", "headings", "text", "meaning"}
