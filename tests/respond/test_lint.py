"""The checks of `aiops playbooks lint` one by one, with the place that each names."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from aiops.respond.lint import Finding, all_steps, lint, lint_file
from tests.respond.sample_file import GOOD, write

HTTP = {"kind": "http", "name": "restart", "url": "https://ops.example", "path": ["{{ host }}"]}
TRIALS = [
    {"name": name, "incident": {"alerts": [{"name": "A", "entity": "e"}]}, "expect": {"decision": decision}}
    for name, decision in (("fits", "suggest"), ("does not", "none"))
]
WHOLE = {
    "steps": [HTTP],
    "diagnosis": [{"kind": "manual", "name": "look"}],
    "verify": [{"kind": "alert-resolved"}],
    "rollback": [{"kind": "manual", "name": "start it again"}],
    "tests": TRIALS,
}


@pytest.fixture
def findings(samples: SimpleNamespace) -> Any:
    """Findings of the sample playbook with some fields replaced, as `level place` with the text."""

    def found(**changes: Any) -> dict[str, str]:
        return {f"{level} {path}": text for level, path, text in lint(samples.playbook(**{**WHOLE, **changes}))}

    return found


def test_mode_auto_needs_a_way_back_and_a_check(findings: Any) -> None:
    undo = {**HTTP, "name": "undo"}
    assert findings(mode="auto", rollback=[undo]) == {}
    assert "has no rollback" in findings(mode="auto", rollback=[])["error $.mode"]
    assert "the engine can make" in findings(mode="auto", rollback=[undo], verify=[])["error $.verify"]


def test_playbook_that_is_whole_has_no_findings(findings: Any) -> None:
    assert findings() == {}


@pytest.mark.parametrize("match", [{}, {"noAlert": [[{"label": "name", "value": "A"}]]}, {"change": ["deploy"]}])
def test_match_without_an_alert_is_an_error(findings: Any, match: dict[str, Any]) -> None:
    assert "error $.match" in findings(match={**match, "cause": {"kind": ["host"]}})


@pytest.mark.parametrize("value", ["(", "(?=x)", r"(a)\1"])
def test_expression_of_no_linear_time_is_an_error(findings: Any, value: str) -> None:
    match = {"alert": [{"label": "name", "op": "=~", "value": value}], "cause": {"kind": ["host"]}}
    assert "error $.match" in findings(match=match)


def test_parameter_that_no_step_uses_is_doubtful(findings: Any) -> None:
    more = {"host": {"from": ["cause.entity"], "pattern": "[a-z0-9-]+"}, "spare": {"default": "x"}}
    assert list(findings(parameters=more)) == ["warning $.parameters.spare"]


def test_placeholder_that_is_not_declared_is_an_error(findings: Any) -> None:
    found = findings(diagnosis=[{"kind": "manual", "name": "look", "run": "df {{ disk }}"}])
    assert "{{ disk }}" in found["error $.parameters"]


@pytest.mark.parametrize(
    ("parameter", "place"),
    [
        ({"pattern": "("}, "pattern"),
        ({"pattern": "[a-z]+", "default": "A"}, "default"),
        ({"default": "a b"}, "default"),
        ({"type": "integer", "default": "x"}, "default"),
        ({"type": "integer", "default": 7, "maximum": 5}, "default"),
        ({"enum": ["a", "-b"]}, "enum"),
        ({"type": "number", "enum": [1, "x"]}, "enum"),
    ],
    ids=str,
)
def test_value_that_its_own_parameter_refuses_is_an_error(findings: Any, parameter: dict[str, Any], place: str) -> None:
    host = {"from": ["cause.entity"], "pattern": "[a-z0-9-]+"}
    step = {**HTTP, "body": {"x": "{{ x }}"}}
    assert list(findings(parameters={"host": host, "x": parameter}, steps=[step])) == [f"error $.parameters.x.{place}"]


@pytest.mark.parametrize("field", ["name", "expect", "note"])
def test_placeholder_outside_the_command_is_an_error(findings: Any, field: str) -> None:
    step = {"kind": "manual", "name": "look", field: "at {{ host }}"}
    assert f"error $.diagnosis[0].{field}" in findings(diagnosis=[step])


@pytest.mark.parametrize(
    ("run", "good"),
    [
        ("ping {{ host }}", True),
        ("ping {{host}}", True),
        ("echo 'at' {{ host }}", True),
        ("echo it\\'s {{ host }}", True),
        ("echo 'x'\nping {{ host }}", True),
        ("ping '{{ host }}'", False),
        ('ping "{{ host }}"', False),
        ('echo "it\'s {{ host }}"', False),
        ("ping {{ Host }}", False),
        ("ping {{ host | upper }}", False),
        ("ping {{ host", False),
    ],
)
def test_placeholder_of_a_command_stands_outside_quotes(findings: Any, run: str, good: bool) -> None:
    """A value is quoted where it is filled in; inside other quotes that would open them."""
    found = findings(diagnosis=[{"kind": "manual", "name": "look", "run": run}])
    assert ("error $.diagnosis[0].run" not in found) == good


@pytest.mark.parametrize(
    "change",
    [
        {"body": {"{{ host }}": 1}},
        {"body": [{"a": {"{{ host }}": 1}}]},
        {"body": "at {{ host }}"},
        {"headers": {"X-Host": "{{ host }}"}},
        {"headers": {"{{ host }}": "x"}},
        {"query": {"{{ host }}": "x"}},
        {"query": {"q": "a{{ host }}"}},
        {"path": ["host-{{ host }}"]},
        {"name": "restart {{ host }}"},
    ],
    ids=str,
)
def test_placeholder_that_is_no_whole_value_is_an_error(findings: Any, change: dict[str, Any]) -> None:
    assert "error $.steps[0]" in findings(steps=[{**HTTP, **change}])


def test_step_that_may_act_twice_is_not_retried(findings: Any) -> None:
    assert list(findings(steps=[{**HTTP, "attempts": 2}])) == ["error $.steps[0].attempts"]
    assert findings(steps=[{**HTTP, "attempts": 2, "idempotent": True}]) == {}


def test_plain_http_is_doubtful(findings: Any) -> None:
    assert list(findings(steps=[{**HTTP, "url": "http://ops.example"}])) == ["warning $.steps[0].url"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"url": "https://ann:hunter2@ops.example"}, "url: expected no user and no password"),
        ({"url": "https://ann@ops.example/x"}, "url: expected no user and no password"),
        ({"url": "https://ops.example\\@evil.example"}, "url: expected no user and no password"),
        ({"url": "https://ops.example/a/../admin"}, "url: expected a path without"),
        ({"url": "https://ops.example/a/%2e%2E/admin"}, "url: expected a path without"),
        ({"url": "https://ops.example/a\\..\\admin"}, "url: expected a path without"),
        ({"path": [".."]}, "expected a path segment; got '..'"),
    ],
)
@pytest.mark.parametrize("kind", ["http", "webhook"])
def test_an_address_that_leads_elsewhere_is_an_error(
    findings: Any, kind: str, change: dict[str, Any], reason: str
) -> None:
    if kind == "webhook" and "path" in change:
        return
    step = HTTP if kind == "http" else {"kind": "webhook", "name": "call", "url": "", "body": {"h": "{{ host }}"}}
    found = findings(steps=[{**step, **change}])["error $.steps[0]"]
    assert reason in found
    assert "hunter2" not in found


def test_an_address_may_have_a_path_of_its_own(findings: Any) -> None:
    assert findings(steps=[{**HTTP, "url": "https://ops.example:8443/v1/a..b/@me"}]) == {}


def test_expression_that_would_backtrack_elsewhere_is_matched_in_linear_time(findings: Any) -> None:
    """RE2 matches it; `tests/test_patterns.py` has the proof."""
    match = {"alert": [{"label": "name", "op": "=~", "value": "(a+)+$"}], "cause": {"kind": ["host"]}}
    assert findings(match=match, parameters={"host": {"from": ["cause.entity"], "pattern": "(a+)+$"}}) == {}


def test_webhook_is_checked_as_well(findings: Any) -> None:
    step = {
        "kind": "webhook",
        "name": "call",
        "url": "http://ops.example",
        "body": {"h": "x {{ host }}"},
        "attempts": 3,
    }
    found = findings(steps=[step])
    assert set(found) == {"error $.steps[0]", "error $.steps[0].attempts", "warning $.steps[0].url"}


@pytest.mark.parametrize(("more", "good"), [({}, False), ({"pattern": "[a-z]+"}, True), ({"enum": ["a"]}, True)])
def test_text_of_an_alert_that_is_sent_needs_bounds(findings: Any, more: dict[str, Any], good: bool) -> None:
    found = findings(parameters={"host": {"from": ["cause.entity"], **more}})
    assert ("error $.parameters.host" not in found) == good


def test_number_of_an_alert_needs_no_pattern(findings: Any) -> None:
    host = {"from": ["cause.entity"], "pattern": "[a-z0-9-]+"}
    step = {**HTTP, "body": {"n": "{{ n }}"}}
    number = {"type": "integer", "from": ["alert.labels.n"]}
    assert findings(parameters={"host": host, "n": number}, steps=[step]) == {}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"steps": [HTTP, {"kind": "manual", "name": "look first"}]}, "error $.steps"),
        ({"approval": {"approvers": []}}, "error $.approval.approvers"),
        ({"match": {"alert": [{"label": "name", "value": "A"}]}}, "error $.match.cause.kind"),
        ({"parameters": {"host": {"from": ["alert.entity"], "pattern": "[a-z]+"}}}, "error $.parameters"),
        ({"reversible": False, "rollback": []}, "warning $.rollback"),
        ({"guards": {"minConfidence": "low"}}, "warning $.guards.minConfidence"),
    ],
)
def test_playbook_that_could_run_is_held_to_more(findings: Any, change: dict[str, Any], place: str) -> None:
    assert list(findings(**change)) == [place]
    assert findings(**change, mode="suggest") == {}, "a person who is shown it decides"


@pytest.mark.parametrize("decision", ["suggest", "none"])
def test_trials_must_show_one_that_fits_and_one_that_does_not(findings: Any, decision: str) -> None:
    found = findings(tests=[trial for trial in TRIALS if trial["expect"] != {"decision": decision}])
    assert list(found) == ["error $.tests"]
    assert decision in found["error $.tests"]


@pytest.mark.parametrize("name", ["diagnosis", "verify"])
def test_empty_part_is_doubtful(findings: Any, name: str) -> None:
    assert list(findings(**{name: []})) == [f"warning $.{name}"]


def test_all_steps_have_their_place(samples: SimpleNamespace) -> None:
    book = samples.playbook(**{**WHOLE, "rollback": [HTTP, HTTP], "preconditions": [{**HTTP, "method": "GET"}]})
    assert [place for place, _ in all_steps(book)] == [
        "$.preconditions[0]",
        "$.diagnosis[0]",
        "$.steps[0]",
        "$.verify[0]",
        "$.rollback[0]",
        "$.rollback[1]",
    ]


def test_file_is_named_after_its_playbook(tmp_path: Path) -> None:
    [found] = lint_file(write(tmp_path, GOOD, "other.yaml"))
    assert (found.level, found.path) == ("error", "$.name")
    assert str(found).startswith(f"{tmp_path / 'other.yaml'}: $.name: ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (GOOD.replace("steps:", "stepps:"), "$"),
        (GOOD.replace("kind: manual, name: do", "kind: manual"), "$.steps[0]"),
        ("a: [", "$"),
    ],
)
def test_file_that_cannot_be_read_has_one_finding(tmp_path: Path, text: str, place: str) -> None:
    path = write(tmp_path, text)
    [found] = lint_file(path)
    assert isinstance(found, Finding)
    assert (found.file, found.level) == (str(path), "error")
    assert found.path.startswith(place)


@pytest.mark.parametrize("mode", ["suggest", "approve"])
def test_reversible_follows_from_the_kinds_of_steps(findings: Any, mode: str) -> None:
    found = findings(rollback=[], mode=mode)
    assert list(found) == ["error $.steps[0]"]
    assert found["error $.steps[0]"].startswith("a step of kind http cannot be undone; add a rollback")
    assert "error $.steps[0]" not in findings(rollback=[], steps=[{"kind": "wait", "name": "let it settle"}])


ACT = {"kind": "http", "name": "restart", "url": "https://ops.example", "path": ["{{ host }}"]}
GATE = {"kind": "approval", "name": "is it well"}


@pytest.mark.parametrize(
    ("steps", "place", "text"),
    [
        ([GATE, ACT], "error $.steps[0]", "expected a step before it"),
        ([ACT, GATE], "error $.steps[1]", "expected a step after it"),
        ([ACT, GATE, GATE, ACT], "error $.steps[1]", "expected another step between two approvals"),
        ([{"kind": "wait", "name": "wait"}, GATE, ACT], "warning $.steps[1]", "the steps before it change nothing"),
        ([ACT, {**GATE, "timeout": "2d"}, ACT], "error $.steps[1]", "timeout: expected up to"),
    ],
)
def test_wait_for_people_has_a_reason(findings: Any, steps: list[Any], place: str, text: str) -> None:
    assert findings(mode="approve", steps=steps)[place].startswith(text)
    assert findings(mode="approve", steps=[ACT, GATE, ACT]) == {}


def test_wait_for_people_names_them(findings: Any) -> None:
    place = "error $.steps[1].approvers"
    assert "nobody could approve it" in findings(steps=[ACT, GATE, ACT], approval={"approvers": []})[place]
    named = [ACT, {**GATE, "approvers": ["team:x"]}, ACT]
    assert place not in findings(steps=named, approval={"approvers": []})


@pytest.mark.parametrize("place", ["rollback", "preconditions", "verify"])
def test_wait_for_people_stands_among_steps_only(samples: SimpleNamespace, place: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="approval"):
        samples.playbook(**{place: [GATE]})
