"""A brief as Markdown, read by a parser of Markdown that is not ours: no payload becomes markup or a link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from aiops.respond.filled import Filled
from aiops.respond.rendering import Shown
from aiops.step_kinds.exchange import Prepared
from aiops.store import incidents
from aiops.views.brief import Beside, brief
from aiops.views.markdown import fenced, markdown, plain
from aiops.views.playbook_card import Source
from tests.views.sample import AT, GRAPH, incident, keep_reads, member, opened

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "https://evil.example www.evil.example a@evil.example",
    "<https://evil.example>",
    "**bold** __bold__ *i* _i_ ~~gone~~ `code`",
    "# heading",
    "- item\n\n# heading\n> quote",
    "1. item",
    "```\nfence",
    "| a | b |\n|---|---|",
    "&lt;script&gt; &#60;b&#62;",
    "\\",
    "\\[a](b)",
    "\u202egnp.exe \u2028 \x1b[31m \u200b",
    "[a]: https://evil.example",
    "***",
]


def tokens(text: str) -> list[Token]:
    """All tokens of a text, as GitHub's flavour has them, bare links among them."""
    reader = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    flat: list[Token] = []
    for token in reader.parse(text):
        flat += [token, *(token.children or [])]
    return flat


def rendered(text: str) -> str:
    return "".join(token.content for token in tokens(text) if token.type == "text")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text: str) -> None:
    found = tokens(f"x {plain(text)} x")
    assert {token.type for token in found} == {"paragraph_open", "inline", "text", "paragraph_close"}
    # Some readers make links of bare addresses and mentions, which this one does not.
    assert not re.search(r"://|www\.|@\w", plain(text))


@given(st.text(max_size=60))
def test_any_text_is_text(text: str) -> None:
    kinds = {token.type for token in tokens(f"x {plain(text)} x")}
    assert kinds <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}


@given(st.text(alphabet="`~ab\n", max_size=60))
def test_no_text_ends_its_code_block(text: str) -> None:
    found = MarkdownIt().parse(fenced(text))
    assert [token.type for token in found] == ["fence"]


def test_plain_names_have_no_backslashes() -> None:
    for name in ("payments-api-8jsm4f97m-86mx8", "node_exporter", "10.0.0.1:9100", "KubePodCrashLooping (2x)", "a/b.c"):
        assert plain(name) == name


def filled(name: str) -> Filled:
    request = Prepared("POST", "https://ops.example/x", {}, {"text": "``` <b>"})
    steps = [
        Shown("manual", "look\n# at it", "echo '```'\nls", note="> not that"),
        Shown("http", "call", request=request),
    ]
    return Filled(
        name, "1.0.0", "# no heading", "w", "- not", "approve", True, True, "fits", diagnosis=steps, steps=steps
    )


def text_of(directory: Path, looked: str = "", **changes: object) -> str:
    store = opened(directory, incident(**changes))
    if looked:
        keep_reads(store, text=looked)
    stored = incidents.get(store.database.reader, "inc-1")
    assert stored is not None
    beside = Beside(GRAPH, {"outcomes": 3, "needed": 10}, Source(filled, lambda name: None))
    found = markdown(brief(store.database.reader, stored, beside), AT + 700)
    store.close()
    return found


def test_document_has_the_verdict_the_commands_and_the_history(tmp_path: Path) -> None:
    text = text_of(tmp_path)
    found = tokens(text)
    headings = [token.tag for token in found if token.type == "heading_open"]
    assert headings == ["h1", "h2", "h2", "h3", "h3", "h2"]
    assert "Critical: payments-api rollout stuck since deploy 8.14.6" in text.splitlines()[0]
    assert next(token.content for token in found if token.type == "fence") == "echo '```'\nls\n"
    assert "Not yet measured on this site (3 of 10 confirmations)." in text
    assert "payments-gateway calls payments-sync, which calls payments-api" in text
    assert not [token for token in found if token.type in ("html_block", "html_inline", "link_open", "image")]


@pytest.mark.parametrize("text", [*HOSTILE, "OOMKilled"])
def test_what_was_looked_at_is_text_and_blocks(tmp_path: Path, text: str) -> None:
    found = tokens(text_of(tmp_path, looked=text))
    assert [one.content for one in found if one.type == "inline" and "looked at" in one.content] == [
        "What we looked at"
    ]
    assert len([one for one in found if one.type == "fence"]) == 2 + len(
        [one for one in tokens(text_of(tmp_path / "without")) if one.type == "fence"]
    )
    assert not [one for one in found if one.type in ("html_block", "html_inline", "link_open", "image", "em_open")]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_change_no_structure(tmp_path: Path, name: str) -> None:
    usual = [token.type for token in tokens(text_of(tmp_path / "a")) if token.type.endswith("_open")]
    members = [member(name, f"{name} {n}", message=name) for n in range(3)]
    hostile = text_of(tmp_path / "b", members=members, entities=[name], services=[name] * 3, workloads=[], title=name)
    found = tokens(hostile)
    assert not [
        token for token in found if token.type in ("html_block", "html_inline", "link_open", "image", "em_open")
    ]
    assert [token.type for token in found if token.type == "heading_open"] == [
        kind for kind in usual if kind == "heading_open"
    ]
