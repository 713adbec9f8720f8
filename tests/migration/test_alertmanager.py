"""Alertmanager's configuration in the words of `aiops.toml`, with a note for each thing that has no equal."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.errors import UsageError
from aiops.migration.alertmanager import COMMENTS, translate
from aiops.migration.alertmanager_durations import duration_s
from aiops.migration.alertmanager_integrations import INTEGRATIONS, is_private
from aiops.migration.alertmanager_receivers import endpoints_of
from aiops.migration.alertmanager_routes import DEFAULTS, TIMES
from aiops.migration.toml_text import toml_text
from aiops.migration.translation import Translation, endpoint_name

HOOK: dict[str, Any] = {"name": "hook", "webhook_configs": [{"url": "https://hooks.example.org/x"}]}


def translated(route: Any = None, receivers: Any = None, **more: Any) -> Translation:
    given = {"route": route or {"receiver": "hook"}, "receivers": receivers or [HOOK], **more}
    made = translate(msgspec.yaml.encode(given))
    assert tomllib.loads(toml_text(made.config, COMMENTS)) == made.config
    return made


def notes(made: Translation) -> dict[str, str]:
    return {note.place: note.text for note in made.notes}


def test_the_first_route_has_alertmanager_s_own_defaults_and_notifies_of_everything() -> None:
    made = translated()
    assert made.config["route"] == {
        "endpoints": ["hook"],
        "settle_s": 30.0,
        "update_every_s": 300.0,
        "repeat_interval_s": 14_400.0,
        "min_severity": "ok",
    }
    assert made.config["incidents"] == {"min_severity": "ok", "lone_warning_s": 0, "resolve_after_s": 300.0}
    assert made.notes == []


def test_a_tree_of_routes_keeps_its_shape() -> None:
    route = {
        "receiver": "hook",
        "group_by": ["alertname"],
        "group_wait": "10s",
        "routes": [
            {
                "matchers": ['severity="page"', "team=~db|web"],
                "receiver": "none",
                "continue": True,
                "mute_time_intervals": ["weekends"],
                "repeat_interval": "1d12h",
                "routes": [
                    {"match": {"service": "shop"}, "match_re": {"pod": "a.*"}, "active_time_intervals": ["office"]}
                ],
            },
            {"matchers": ["a!=b, c!~d"]},
        ],
    }
    made = translated(route, [HOOK, {"name": "none"}])
    first, second = made.config["route"]["routes"]
    assert made.config["route"]["settle_s"] == 10.0
    assert first == {
        "matchers": ['severity="page"', 'team=~"db|web"'],
        "endpoints": [],
        "continue": True,
        "repeat_interval_s": 129_600.0,
        "mute_time_intervals": ["weekends"],
        "routes": [{"matchers": ['service="shop"', 'pod=~"a.*"'], "active_time_intervals": ["office"]}],
    }
    assert second == {"matchers": ['a!="b"', 'c!~"d"']}
    assert notes(made) == {"$.route.group_by": "alerts are grouped by correlation; not translated"}


def test_each_integration_is_an_endpoint_with_its_secret_outside_the_file() -> None:
    receivers = [
        {
            "name": "Team DB / on call",
            "slack_configs": [{"api_url": "https://hooks.slack.com/services/T/B/x", "channel": "#db"}],
            "pagerduty_configs": [{"routing_key": "r" * 32}],
            "opsgenie_configs": [{"api_key": "k", "send_resolved": False}],
            "msteams_configs": [{"webhook_url": "https://teams.example.org/x"}],
            "webhook_configs": [
                {"url": "http://bridge:9000/a", "http_config": {"authorization": {"credentials": "t"}}},
                {"url": "https://u:p@hooks.example.org/b", "max_alerts": 5},
            ],
        }
    ]
    made = translated({"receiver": "Team DB / on call"}, receivers)
    by_name = {one["name"]: one for one in made.config["endpoints"]}
    prefix = "Team-DB-on-call"
    assert made.config["route"]["endpoints"] == list(by_name)
    assert by_name[f"{prefix}-slack"]["options"] == {"url_env": "TEAM_DB_ON_CALL_SLACK_URL"}
    # Alertmanager sends no end to Slack unless it is told to.
    assert by_name[f"{prefix}-slack"]["send_resolved"] is False
    assert by_name[f"{prefix}-pagerduty"]["options"] == {"routing_key_env": "TEAM_DB_ON_CALL_PAGERDUTY_KEY"}
    assert by_name[f"{prefix}-jsm"]["options"]["base_url"] == "https://api.opsgenie.com"
    assert by_name[f"{prefix}-jsm"]["send_resolved"] is False
    assert by_name[f"{prefix}-teams"]["type"] == "teams"
    assert by_name[f"{prefix}-alertmanager"]["options"] == {
        "url": "http://bridge:9000/a",
        "token_env": "TEAM_DB_ON_CALL_ALERTMANAGER_TOKEN",
        "allow_private": True,
    }
    second = by_name[f"{prefix}-alertmanager-2"]["options"]["url_env"]
    assert made.secrets[second] == "https://u:p@hooks.example.org/b"
    assert "r" * 32 in made.secrets.values()
    text = toml_text(made.config)
    assert not [secret for secret in made.secrets.values() if len(secret) > 1 and secret in text]
    assert "'#db'" in notes(made)["$.receivers[0].slack_configs[0].channel"]
    assert "$.receivers[0].webhook_configs[1].max_alerts" in notes(made)


@pytest.mark.parametrize("given", [{"api_url_file": "/run/slack"}, {"api_url": "<secret>"}, {}])
def test_a_secret_that_the_file_does_not_hold_is_named(given: dict[str, str]) -> None:
    made = translated(receivers=[{"name": "hook", "slack_configs": [given]}])
    assert made.config["endpoints"][0]["options"] == {"url_env": "HOOK_URL"}
    assert "set the environment variable HOOK_URL" in notes(made)["$.receivers[0].slack_configs[0].api_url"]


def test_a_secret_of_the_section_global_is_used() -> None:
    made = translated(
        receivers=[{"name": "hook", "slack_configs": [{"channel": ""}]}],
        **{"global": {"slack_api_url": "https://hooks.slack.com/services/g"}},
    )
    assert made.secrets == {"HOOK_URL": "https://hooks.slack.com/services/g"}


def test_integrations_keys_and_sections_without_an_equal_are_noted_with_their_place() -> None:
    made = translated(
        {"receiver": "hook", "mystery": 1, "routes": [{"group_by": ["a"]}]},
        [
            {
                **HOOK,
                "webhook_configs": [{**HOOK["webhook_configs"][0], "new_key": 1}],
                "sns_configs": [{"topic_arn": "x"}],
            }
        ],
        tracing={"endpoint": "x"},
        templates=["a.tmpl"],
        **{"global": {"resolve_timeout": "6m", "victorops_api_url": "a"}},
    )
    assert set(notes(made)) == {
        "$.tracing",
        "$.templates",
        "$.global.resolve_timeout",
        "$.global.victorops_api_url",
        "$.receivers[0].webhook_configs[0].new_key",
        "$.receivers[0].sns_configs[0]",
        "$.route.mystery",
        "$.route.routes[0].group_by",
    }


def test_e_mail_takes_the_server_of_the_section_global() -> None:
    server = {"smtp_smarthost": "mail.example.org:465", "smtp_from": "a@example.org", "smtp_auth_username": "u"}
    made = translated(
        receivers=[{"name": "hook", "email_configs": [{"to": "b@example.org, c@example.org", "html": "x"}]}],
        **{"global": {**server, "smtp_auth_password": "p4ss"}},
    )
    [endpoint] = made.config["endpoints"]
    assert endpoint["options"] == {
        "host": "mail.example.org",
        "port": 465,
        "sender": "a@example.org",
        "to": ["b@example.org", "c@example.org"],
        "tls": "tls",
        "user": "u",
        "password_env": "HOOK_PASSWORD",
    }
    assert endpoint["send_resolved"] is False
    assert list(notes(made)) == ["$.receivers[0].email_configs[0].html"]


def test_a_bot_of_slack_posts_with_its_token() -> None:
    given = {
        "api_url": "https://slack.com/api/chat.postMessage",
        "channel": "#ops",
        "http_config": {"authorization": {"credentials": "xoxb-1"}},
    }
    made = translated(receivers=[{"name": "hook", "slack_configs": [given]}])
    assert made.config["endpoints"][0]["options"] == {"token_env": "HOOK_TOKEN", "channel": "#ops"}
    assert made.secrets == {"HOOK_TOKEN": "xoxb-1"}


def test_chats_are_addresses_for_apprise() -> None:
    receivers = [
        {"name": "tg", "telegram_configs": [{"chat_id": -12, "bot_token": "1:ab", "parse_mode": "HTML"}]},
        {"name": "dc", "discord_configs": [{"webhook_url": "https://discord.com/api/webhooks/1/x"}]},
        {"name": "po", "pushover_configs": [{"user_key": "u", "token": "t"}]},
        {
            "name": "mm",
            "mattermost_configs": [{"webhook_url": "https://m.example.org/sub/hooks/abc", "channel": "a&b"}],
        },
        {"name": "none", "telegram_configs": [{"chat_id": 3, "bot_token_file": "/run/x"}]},
    ]
    made = translated({"receiver": "tg"}, receivers)
    assert {one["type"] for one in made.config["endpoints"]} == {"chat"}
    assert made.secrets == {
        "TG_URL": "tgram://1:ab/-12/",
        "DC_URL": "https://discord.com/api/webhooks/1/x",
        "PO_URL": "pover://u@t",
        "MM_URL": "mmosts://m.example.org/sub/abc?channels=a%26b",
        "NONE_URL": "",
    }
    assert "$.receivers[4].telegram_configs[0].bot_token" in notes(made)


def test_jira_service_management_and_tokens_of_slack_apps() -> None:
    receivers = [
        {"name": "a", "jsm_configs": [{}]},
        {
            "name": "b",
            "slack_configs": [
                {"channel": "#x"},
                {"channel": "#y", "app_token": "xoxb-2", "app_url": "https://s.example/"},
            ],
        },
    ]
    made = translated({"receiver": "a"}, receivers, **{"global": {"jsm_api_key": "k", "slack_app_token": "xoxb-1"}})
    assert [one["options"] for one in made.config["endpoints"]] == [
        {"api_key_env": "A_KEY"},
        {"token_env": "B_SLACK_TOKEN", "channel": "#x"},
        {"token_env": "B_SLACK_2_TOKEN", "channel": "#y", "api_url": "https://s.example"},
    ]
    assert made.secrets == {"A_KEY": "k", "B_SLACK_TOKEN": "xoxb-1", "B_SLACK_2_TOKEN": "xoxb-2"}


def test_what_the_first_route_must_not_have_is_left_out_with_a_note() -> None:
    made = translated({"receiver": "hook", "continue": True, "matchers": ["a=b"], "mute_time_intervals": ["x"]})
    assert set(made.config["route"]) == {"endpoints", "settle_s", "update_every_s", "repeat_interval_s", "min_severity"}
    assert set(notes(made)) == {"$.route.continue", "$.route.matchers", "$.route.mute_time_intervals"}


def test_receivers_have_names_by_which_routes_find_their_endpoints() -> None:
    made = Translation()
    assert endpoints_of(made, [HOOK, {"name": "none"}], {}) == {"hook": ["hook"], "none": []}


def test_proxies_and_certificates_are_kept() -> None:
    http = {"proxy_url": "http://proxy:3128", "tls_config": {"ca_file": "/ca", "cert_file": "/c", "key_file": "/k"}}
    made = translated(
        receivers=[{"name": "hook", "webhook_configs": [{"url": "https://h.example.org"}]}],
        **{"global": {"http_config": {**http, "oauth2": {}}}},
    )
    assert made.config["endpoints"][0]["options"] == {
        "url": "https://h.example.org",
        "proxy_url": "http://proxy:3128",
        "ca_file": "/ca",
        "cert_file": "/c",
        "key_file": "/k",
    }
    assert list(notes(made)) == ["$.global.http_config.oauth2"]


def test_time_intervals_and_inhibition_keep_their_words() -> None:
    span = {"times": [{"start_time": "09:00", "end_time": "17:00"}], "weekdays": ["monday:friday"], "location": "Local"}
    made = translated(
        time_intervals=[{"name": "office", "time_intervals": [span]}],
        mute_time_intervals=[{"name": "old", "time_intervals": [{"months": ["january"]}]}],
        inhibit_rules=[
            {"source_match": {"alertname": "Down"}, "target_match_re": {"severity": "warning|info"}, "equal": ["node"]},
            {"name": "n", "source_matchers": ["a=b"], "target_matchers": ['c=~"d"']},
        ],
    )
    assert [one["name"] for one in made.config["time_intervals"]] == ["office", "old"]
    assert "location" not in made.config["time_intervals"][0]["time_intervals"][0]
    assert made.config["inhibit_rules"] == [
        {"source_matchers": ['alertname="Down"'], "target_matchers": ['severity=~"warning|info"'], "equal": ["node"]},
        {"name": "n", "source_matchers": ['a="b"'], "target_matchers": ['c=~"d"']},
    ]
    assert list(notes(made)) == ["$.time_intervals[0].time_intervals[0].location"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"route": {"routes": []}}, r"\$\.route\.receiver: expected the receiver"),
        ({"route": {"receiver": "other"}}, r"\$\.route\.receiver: unknown receiver \(got 'other'; use hook\)"),
        ({"route": {"receiver": "hook", "routes": [{"matchers": ["a"]}]}}, r"\$\.route\.routes\[0\]\.matchers\[0\]: "),
        ({"route": {"receiver": "hook", "group_wait": "soon"}}, r"\$\.route\.group_wait: expected a duration"),
        ({"receivers": [{"nme": "x"}]}, r"\$\.receivers\[0\]\.name: expected the name"),
        ({"receivers": [HOOK, HOOK]}, r"\$\.receivers\[1\]\.name: expected a unique name"),
        ({"receivers": "x"}, r"\$\.receivers: expected a list"),
        ({"time_intervals": [{}]}, r"\$\.time_intervals\[0\]\.name"),
        ({"inhibit_rules": ["x"]}, r"\$\.inhibit_rules\[0\]: expected a rule"),
    ],
)
def test_what_alertmanager_refuses_is_refused_with_its_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        translated(**change)


def test_each_time_of_the_first_route_has_a_default() -> None:
    assert DEFAULTS.keys() == TIMES.keys()


@pytest.mark.parametrize("data", [b"", b"[]", b"a: [", b"\xff", b"x" * (5 << 20), b"- " * 5_000])
def test_what_is_no_configuration_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        translate(data)


@pytest.mark.parametrize(
    ("text", "expected"), [("30s", 30.0), ("1h30m", 5_400.0), ("2w1d", 1_296_000.0), ("1y", 31_536_000.0), (0, 0.0)]
)
def test_durations_are_prometheus_own(text: object, expected: float) -> None:
    assert duration_s(text, "$") == expected


@pytest.mark.parametrize("text", ["", "s", "30", "1m1h", "-5m", "1.5h", "5 m", None, "9" * 100 + "s"])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(UsageError, match="expected a duration"):
        duration_s(text, "$.x")


def test_every_integration_of_the_table_is_a_registered_sink() -> None:
    from aiops import registry

    for kind, _ in INTEGRATIONS.values():
        registry.load("aiops.sinks", kind)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1/", True),
        ("http://x.svc/", True),
        ("https://8.8.8.8/", False),
        ("http://[::1]/", True),
        ("", True),
    ],
)
def test_private_addresses_are_known_by_their_form(url: str, expected: bool) -> None:
    assert is_private(url) == expected


def test_names_of_endpoints_are_bounded() -> None:
    assert endpoint_name("x" * 100) == "x" * 62


def test_the_command_writes_both_files(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from aiops.cli.configuration import config_app

    file, out, secrets = tmp_path / "alertmanager.yml", tmp_path / "aiops.toml", tmp_path / "aiops.env"
    given = {
        "route": {"receiver": "a", "group_by": ["x"]},
        "receivers": [{"name": "a", "slack_configs": [{"api_url": "s3"}]}],
    }
    file.write_bytes(msgspec.yaml.encode(given))
    done = CliRunner().invoke(
        config_app, ["from-alertmanager", str(file), "--out", str(out), "--env-file", str(secrets)]
    )
    assert done.exit_code == 0, done.output
    assert tomllib.loads(out.read_text())["route"]["endpoints"] == ["a"]
    assert secrets.read_text() == "A_URL=s3\n"
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert "$.route.group_by" in done.output
    printed = CliRunner().invoke(config_app, ["from-alertmanager", str(file)])
    assert 'url_env = "A_URL"' in printed.output
    assert "s3" not in printed.output
    assert "set these environment variables: A_URL" in printed.output


def test_the_result_is_a_configuration_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aiops.app.build import check
    from aiops.config import load_config

    receivers = [
        {"name": "chat", "slack_configs": [{"api_url": "https://hooks.slack.com/services/T0/B0/xyz"}]},
        {
            "name": "on call",
            "pagerduty_configs": [{"routing_key": "a" * 32}],
            "opsgenie_configs": [{"api_key": "k" * 20}],
        },
        {"name": "mail", "email_configs": [{"to": "x@example.org", "smarthost": "mail:25", "from": "a@example.org"}]},
        {"name": "hook", "webhook_configs": [{"url": "http://bridge:9000/x"}]},
        {"name": "null"},
    ]
    route = {
        "receiver": "chat",
        "routes": [
            {"matchers": ['severity="page"'], "receiver": "on call", "mute_time_intervals": ["weekends"]},
            {"match": {"team": "db"}, "receiver": "mail", "continue": True},
            {"match_re": {"team": "db|web"}, "receiver": "hook"},
            {"match": {"alertname": "Watchdog"}, "receiver": "null"},
        ],
    }
    made = translated(
        route,
        receivers,
        time_intervals=[{"name": "weekends", "time_intervals": [{"weekdays": ["saturday", "sunday"]}]}],
        inhibit_rules=[{"source_matchers": ["alertname=NodeDown"], "target_matchers": ["severity=warning"]}],
    )
    for name, value in made.secrets.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "aiops.toml"
    path.write_text(toml_text(made.config, COMMENTS))
    found = check(load_config(path, [f"state.directory={tmp_path}"]))
    assert "endpoints: chat, on-call-pagerduty, on-call-jsm, mail, hook" in found
    assert "routes: 5 routes" in found
