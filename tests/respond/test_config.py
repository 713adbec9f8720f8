"""The section `[respond]`: nothing runs before an operator says so."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.respond.config import RespondConfig, RunSecret


def test_nothing_may_run_by_default() -> None:
    config = msgspec.convert({}, RespondConfig)
    assert (config.enabled, config.ceiling, config.allow_private) == (True, "suggest", False)
    assert (config.mode, config.auto.playbooks, config.auto.shadow) == ("live", [], [])
    assert (config.auto.min_verified_runs, config.auto.min_success, config.auto.min_certainty) == (20, 0.8, 0.9)
    assert (config.allow, config.protect, config.groups, config.secrets) == (["*"], [], {}, {})


def test_sections_do_not_share_their_lists() -> None:
    first, second = RespondConfig(), RespondConfig()
    first.allow.append("x")
    first.groups["team:a"] = ["ann"]
    assert (second.allow, second.groups) == (["*"], {})


@pytest.mark.parametrize(
    "section",
    [
        {"ceiling": "always"},
        {"mode": "dry"},
        {"auto": {"min_success": 0.4}},
        {"auto": {"min_certainty": 1.0}},
        {"auto": {"min_verified_runs": 0}},
        {"storm": {"max_percent": 0}},
        {"storm": {"cooldown": "soon"}},
        {"ceiling": ""},
        {"allow": "worker-*"},
        {"allow": [""]},
        {"protect": ["x" * 301]},
        {"groups": {"team:a": [""]}},
        {"groups": {"": ["ann"]}},
        {"enabled": "yes"},
        {"secrets": {"ops": {"env": "OPS", "use": "bearer", "hosts": []}}},
        {"secrets": {"ops": {"env": "", "use": "bearer", "hosts": ["ops.example"]}}},
        {"secrets": {"ops": {"env": "OPS", "use": "cookie", "hosts": ["ops.example"]}}},
        {"secrets": {"ops": {"env": "OPS", "use": "bearer", "hosts": ["ops.example"], "value": "hunter2"}}},
        {"secrets": {"ops": {"use": "bearer", "hosts": ["a"]}}},
        {"secrets": {"ops": {"use": "bearer", "hosts": ["a"], "env": "A", "file": "/b"}}},
        {"secrets": {"ops": {"use": "sign", "hosts": ["a"], "file": "/b"}}},
        {"allowed": ["*"]},
    ],
    ids=str,
)
def test_what_an_operator_mistypes_is_refused(section: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(section, RespondConfig)


def test_secret_names_a_variable_and_its_hosts() -> None:
    config = msgspec.convert({"secrets": {"ops": {"env": "OPS", "use": "sign", "hosts": ["a", "b"]}}}, RespondConfig)
    assert config.secrets == {"ops": RunSecret(env="OPS", use="sign", hosts=["a", "b"])}
