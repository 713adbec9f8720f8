"""A brief in a dozen lines, read by a parser of Markdown that is not ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from aiops.respond.filled import Filled
from aiops.respond.rendering import Shown
from aiops.step_kinds.exchange import Prepared
from aiops.store import incidents
from aiops.views.brief import Beside, brief
from aiops.views.playbook_card import Source
from aiops.views.short_markdown import MAX_LINES, code, short_markdown
from tests.views.sample import AT, GRAPH, incident, keep_reads, member, opened
from tests.views.test_markdown import HOSTILE, tokens

ADDRESS = "https://ops.example/incidents/inc-1"


def filled(name: str) -> Filled:
    steps = [Shown("manual", "look", "kubectl get pods\nkubectl logs api"), Shown("manual", "do", "rm -r /")]
    return Filled(name, "1.0.0", "s", "w", "n", "approve", True, True, "fits", diagnosis=steps)


def text_of(directory: Path, address: str = ADDRESS, **changes: object) -> str:
    store = opened(directory, incident(**changes))
    keep_reads(store)
    stored = incidents.get(store.database.reader, "inc-1")
    assert stored is not None
    beside = Beside(GRAPH, {"outcomes": 3, "needed": 10}, Source(filled, lambda name: None))
    found = short_markdown(brief(store.database.reader, stored, beside), AT + 720, address)
    store.close()
    return found


def test_a_summary_has_what_a_chat_needs_in_a_dozen_lines(tmp_path: Path) -> None:
    text = text_of(tmp_path)
    lines = text.splitlines()
    assert len(lines) <= MAX_LINES
    assert lines[0] == "**Critical: payments-api rollout stuck since deploy 8.14.6**"
    assert lines[2].startswith("- Cause: payments-api (clear lead, not yet checked here): ")
    assert "- Hurts payments-gateway, payments-sync" in lines
    assert any(line.startswith("- Still firing: 18 of 19 streams: ") for line in lines)
    assert any(line.startswith("- Since 20") and line.endswith("UTC, 12 min ago") for line in lines)
    assert "- Nobody is on it" in lines
    assert "- Found: OOMKilled in the last state of payments-api-1" in lines
    assert any("first `kubectl get pods` and 1 more line" in line for line in lines)
    assert lines[-1] == f"- {ADDRESS}"
    assert "rm -r" not in text


def test_an_incident_that_ended_states_it(tmp_path: Path) -> None:
    ended = text_of(tmp_path, status="resolved", firing_count=0, quiet_at=AT + 600, resolved_at=AT + 660)
    assert "- Nothing fires any more (19 streams)" in ended
    assert "- Resolved after 10 min" in ended


def test_a_playbook_of_requests_gives_its_first_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Shown("http", "call", request=Prepared("POST", "https://ops.example/x", {}, None))
    made = Filled("a", "1.0.0", "s", "w", "n", "approve", True, True, "fits", steps=[step])
    monkeypatch.setitem(globals(), "filled", lambda name: made)
    assert "first `POST https://ops.example/x`" in text_of(tmp_path)


def test_an_owner_is_named(tmp_path: Path) -> None:
    assert "- alice is on it" in text_of(tmp_path, status="acknowledged", assigned_to="alice")


def test_without_an_address_the_id_is_given(tmp_path: Path) -> None:
    assert text_of(tmp_path, address="", causes=[], playbooks=[]).splitlines()[-1] == "- Incident inc-1"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_change_no_structure(tmp_path: Path, name: str) -> None:
    members = [member(name, f"{name} {n}", message=name) for n in range(3)]
    text = text_of(tmp_path, "", members=members, entities=[name], services=[name] * 3, workloads=[], title=name)
    assert len(text.splitlines()) <= MAX_LINES
    assert {token.type for token in tokens(text)} <= {
        "paragraph_open", "paragraph_close", "inline", "text", "text_special", "strong_open", "strong_close",
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "code_inline",
    }  # fmt: skip


@given(st.text(alphabet="`~ab*\n", min_size=1, max_size=60).filter(lambda text: text.strip()))
def test_no_command_leaves_its_span(text: str) -> None:
    [_, inline, _] = MarkdownIt().parse(f"x {code(text)} x")
    assert [token.type for token in inline.children or []] == ["text", "code_inline", "text"]
