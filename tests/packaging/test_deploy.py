"""What `deploy/` holds works: rules and dashboard name metrics that there are, rules fire, unit and container start."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from aiops.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
RULES: list[dict[str, Any]] = yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"][0]["rules"]
PANELS: list[dict[str, Any]] = json.loads((DEPLOY / "dashboard.json").read_text())["panels"]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [one["expr"] for panel in PANELS for one in panel["targets"]]
# What Prometheus itself adds.
ADDED = {"job", "instance", "le"}
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def documented() -> dict[str, set[str]]:
    """The labels of each metric; the page is held equal to the running daemon by its own test."""
    rows = re.findall(r"^\| `(\w+)` \| \w+ \| ([^|]*)\|", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def metrics_of(expression: str) -> Iterator[tuple[str, str]]:
    """Names, without the endings of a histogram's samples, and what stands in the braces behind them."""
    for name, inside in re.findall(r"\b(aiops_\w+)(?:\{([^}]*)\})?", expression):
        yield re.sub(r"_(bucket|sum|count)$", "", name), inside


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_metrics_and_labels_exist(expression: str) -> None:
    known, labels = documented(), set(ADDED)
    found = list(metrics_of(expression))
    for name, inside in found:
        assert name in known
        labels |= known[name]
        assert set(re.findall(r"(\w+)\s*[=!]", inside)) <= known[name] | ADDED
    grouped = {label for labels in re.findall(r"\bby \(([^)]*)\)", expression) for label in re.findall(r"\w+", labels)}
    assert grouped <= labels
    assert found or expression.startswith("up{")


def test_labels_of_texts_exist() -> None:
    known = documented()
    texts = [(rule["expr"], " ".join(rule["annotations"].values())) for rule in RULES]
    texts += [(one["expr"], one["legendFormat"]) for panel in PANELS for one in panel["targets"]]
    for expression, text in texts:
        labels = {label for name, _ in metrics_of(expression) for label in known[name]}
        assert set(re.findall(r"\{\{ ?(?:\$labels\.)?(\w+) ?\}\}", text)) <= labels, text


def test_everything_that_the_handbook_says_to_watch_has_a_rule() -> None:
    page = (ROOT / "docs" / "operations.md").read_text().partition("## What to alert on")[2].partition("\n## ")[0]
    wanted = {name for name, _ in metrics_of(page)}
    assert len(wanted) > 8
    assert wanted <= {name for rule in RULES for name, _ in metrics_of(rule["expr"])}


def test_rules_say_what_to_do_and_panels_are_apart() -> None:
    assert all({"alert", "expr", "labels", "annotations"} <= set(rule) for rule in RULES)
    assert all({"summary", "action"} == set(rule["annotations"]) for rule in RULES)
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    assert len({panel["id"] for panel in PANELS}) == len(PANELS) > 8
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in PANELS}) == len(PANELS)


# Samples, a minute apart, under which each rule must fire within ninety minutes; `AiopsDown` looks at the scrape.
FIRING = {
    "AiopsDown": {'up{job="aiops"}': "0x90"},
    "AiopsNotTakingAlerts": {'aiops_state{state="ok"}': "0x90"},
    "AiopsRecordsNotConserved": {"aiops_conserved": "0x90"},
    "AiopsDeliveryFailing": {"aiops_outbox_oldest_age_seconds": "301+60x90"},
    "AiopsEndpointDown": {'aiops_endpoint_up{endpoint="pager"}': "0x90"},
    "AiopsStandingStill": {"aiops_journal_age_seconds": "61+60x90"},
    "AiopsDeadDeliveries": {'aiops_outbox_rows{endpoint="pager",state="dead"}': "1x90"},
    "AiopsSourceDown": {'aiops_source_up{source="kafka"}': "0x90"},
    "AiopsSourceLagging": {'aiops_source_lag{source="kafka",place="alerts/0"}': "100001x90"},
    "AiopsRejecting": {"aiops_dead_letters_total": "0+60x90"},
    "AiopsSenderClockOff": {'aiops_source_clock_offset_seconds{source="prometheus"}': "-61x90"},
    "AiopsClockAhead": {"aiops_engine_clock_ahead_seconds": "61x90"},
    "AiopsAbsurdTimes": {'aiops_source_absurd_times_total{source="http"}': "0+1x90"},
    "AiopsUnknownWords": {'aiops_severity_unknown_total{source="http",word="kiwi"}': "0+1x90"},
    "AiopsSlowCommits": {
        'aiops_stage_seconds_bucket{stage="journal",le="0.5"}': "0x90",
        'aiops_stage_seconds_bucket{stage="journal",le="1"}': "0+60x90",
        'aiops_stage_seconds_bucket{stage="journal",le="+Inf"}': "0+60x90",
    },
    "AiopsDiskFilling": {"aiops_disk_free_bytes": "1000000-1000x90"},
    "AiopsSnapshotsFailing": {"aiops_snapshots_failed_total": "0+1x90"},
    "AiopsDrift": {"aiops_drift_standing": "1x90"},
}
WELL = {
    'up{job="aiops"}': "1x90",
    'aiops_state{state="ok"}': "1x90",
    "aiops_conserved": "1x90",
    "aiops_outbox_oldest_age_seconds": "20x90",
    'aiops_endpoint_up{endpoint="pager"}': "1x90",
    "aiops_journal_age_seconds": "5x90",
    'aiops_outbox_rows{endpoint="pager",state="dead"}': "0x90",
    'aiops_source_up{source="kafka"}': "1x90",
    'aiops_source_lag{source="kafka",place="alerts/0"}': "900x90",
    "aiops_dead_letters_total": "7x90",
    'aiops_stage_seconds_bucket{stage="journal",le="0.5"}': "0+60x90",
    'aiops_stage_seconds_bucket{stage="journal",le="+Inf"}': "0+60x90",
    "aiops_disk_free_bytes": "1000000000x90",
    "aiops_snapshots_failed_total": "2x90",
    "aiops_engine_clock_ahead_seconds": "10x90",
    'aiops_source_absurd_times_total{source="http"}': "4x90",
    'aiops_source_clock_offset_seconds{source="prometheus"}': "-3x90",
    'aiops_severity_unknown_total{source="http",word="kiwi"}': "4x90",
    'aiops_status_unknown_total{source="http",word="mended"}': "4x90",
}


def promtool(*words: str | Path) -> None:
    done = subprocess.run(["promtool", *map(str, words)], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def series(samples: dict[str, str]) -> list[dict[str, str]]:
    return [{"series": name, "values": values} for name, values in samples.items()]


@needs_promtool
def test_rules_fire_when_they_should_and_only_then(tmp_path: Path) -> None:
    assert set(FIRING) == {rule["alert"] for rule in RULES}
    promtool("check", "rules", DEPLOY / "alerts.yaml")
    labels = {rule["alert"]: rule["labels"] for rule in RULES}
    tests: list[dict[str, Any]] = [
        {
            "interval": "1m",
            "input_series": series(WELL),
            "alert_rule_test": [{"eval_time": "90m", "alertname": name, "exp_alerts": []} for name in FIRING],
        }
    ]
    for name, samples in FIRING.items():
        # Promtool compares all labels: those of the rule, and those of the series that the expression leaves.
        left = dict(re.findall(r'(\w+)="([^"]*)"', next(iter(samples))))
        if name in ("AiopsSourceLagging", "AiopsDeadDeliveries", "AiopsSlowCommits"):
            left = {key: value for key, value in left.items() if key in ("source", "endpoint") and name[5:9] != "Slow"}
        [rule] = [rule for rule in RULES if rule["alert"] == name]
        texts = {
            key: re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found, left=left: left[found[1]], text)  # type: ignore[misc]
            for key, text in rule["annotations"].items()
        }
        expected = {"exp_labels": {**labels[name], **left}, "exp_annotations": texts}
        check = {"eval_time": "90m", "alertname": name, "exp_alerts": [expected]}
        tests.append({"interval": "1m", "input_series": series(samples), "alert_rule_test": [check]})
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(DEPLOY / "alerts.yaml")], "tests": tests}))
    promtool("test", "rules", file)


@needs_promtool
def test_expressions_of_the_dashboard_are_expressions(tmp_path: Path) -> None:
    rules = [{"record": f"aiops:panel_{number}", "expr": expression} for number, expression in enumerate(EXPRESSIONS)]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", file)


def command_of(words: list[str]) -> None:
    """A command line that the program takes: its options exist."""
    assert Path(words[0]).name == "aiops"
    options = {word for word in words if word.startswith("--")}
    names = [word for word in words[1:] if re.fullmatch(r"[a-z]+", word)]
    shown = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "200"}).output
    assert "Usage" in shown
    assert [option for option in options if option not in shown] == []


def test_the_unit_starts_what_there_is(tmp_path: Path) -> None:
    unit = (DEPLOY / "aiops.service").read_text()
    assert "Type=notify" in unit
    assert "StateDirectory=aiops" in unit
    commands = re.findall(r"^Exec(?:StartPre|Start)=-?(\S*/aiops .*)$", unit, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        command_of(command.split())
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    # Where the program is installed is not for the machine of the tests.
    copy = tmp_path / "aiops.service"
    copy.write_text(unit.replace("/usr/local/bin/aiops", shutil.which("true") or "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "aiops.service" in line]) == (0, [])


def test_the_container_starts_what_there_is() -> None:
    text = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
    [entry] = re.findall(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)
    command_of(json.loads(entry))
    [probe] = re.findall(r"^HEALTHCHECK .* CMD (.*)$", text, re.MULTILINE)
    code = json.loads(probe)[2]
    compile(code, "healthcheck", "exec")
    [path] = re.findall(r"127\.0\.0\.1:8640(/\w+)", code)
    assert f'Route("{path}"' in (ROOT / "aiops" / "web" / "app.py").read_text()
    assert "constraints.txt" in text
    assert (ROOT / "constraints.txt").is_file()
    assert re.search(r"^USER aiops$", text, re.MULTILINE)
