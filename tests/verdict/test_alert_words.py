"""Alert names are read as plain words, whatever their spelling."""

from __future__ import annotations

import pytest

from aiops.verdict.alert_words import plain_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("KubeDeploymentRolloutStuck", "rollout stuck"),
        ("CertificateExpired", "certificate expired"),
        ("SSLCertExpiresSoon", "certificate expires soon"),
        ("PostgresqlTooManyConnections", "out of connections"),
        ("NodeFilesystemSpaceFillingUp", "disk filling up"),
        ("NodeFilesystemAlmostOutOfSpace", "out of disk"),
        ("DiskWillFill", "disk filling up"),
        ("KubePodCrashLooping", "crash-looping"),
        ("HostOomKillDetected", "out of memory"),
        ("KubeNodeNotReady", "not ready"),
        ("KafkaConsumerLag", "consumers lagging"),
        ("CPUThrottlingHigh", "CPU saturated"),
        ("Processor load is too high on web-1", "CPU saturated"),
        ("InstanceDown", "down"),
        ("node_up:down", "down"),
        ("HighRequestLatency", "slow"),
        ("BlackboxProbeFailed", "failing"),
        ("ErrorBudgetBurn", "failing"),
        ("High5xxRate", "failing"),
    ],
)
def test_a_known_name_is_read(name: str, words: str) -> None:
    assert plain_words([name]) == words


@pytest.mark.parametrize("name", ["", "PayrollExport", "Büro: Türsensor", "請求書", "*" * 5_000, "a" * 100_000])
def test_an_unknown_name_has_no_words(name: str) -> None:
    assert plain_words([name]) == ""


def test_the_fault_stands_before_what_others_see_of_it() -> None:
    assert plain_words(["HighErrorRate", "HighLatency", "OOMKilled"]) == "out of memory"
