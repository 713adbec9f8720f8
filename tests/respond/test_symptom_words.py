"""Names of alerts as words, and the kind of symptom that they name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.respond.format import SymptomClass
from aiops.respond.symptom_words import MAX_NAME, symptom, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("KubePodCrashLooping", "kube pod crash looping"),
        ("HTTP5xxRate", "http 5 xx rate"),
        ("CPUThrottlingHigh", "cpu throttling high"),
        ("disk_io-wait.time", "disk io wait time"),
        ("node1Down", "node 1 down"),
        ("磁盘满 alarm", "磁盘满 alarm"),
        ("Überlast", "Ü berlast".lower()),
        ("MySQLDown", "mysql down"),
        ("PostgreSQL_ReplicationLag", "postgresql replication lag"),
        ("RabbitMQNodeDown", "rabbitmq node down"),
        ("mySqlSlow", "mysql slow"),
        ("my-sqlite", "my sqlite"),
        ("---", ""),
        ("", ""),
    ],
)
def test_words_are_split_at_case_digits_and_punctuation(name: str, words: str) -> None:
    assert words_of(name) == words


@given(st.text(max_size=50))
def test_words_hold_no_blanks_at_the_ends_nor_two_in_a_row(name: str) -> None:
    words = words_of(name)
    assert words == " ".join(words.split())


def test_words_of_a_long_name_are_those_of_its_beginning() -> None:
    assert words_of("disk" + " x" * 10_000) == words_of(("disk" + " x" * 10_000)[:MAX_NAME])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("KubePodNotReady", "state"),
        ("TargetDown", "state"),
        ("HighErrorRate", "error"),
        ("Http503Responses", "error"),
        ("HighRequestLatency", "latency"),
        ("P99TooHigh", "latency"),
        ("PacketLoss", "network"),
        ("DnsLookups", "network"),
        ("RequestRateHigh", "traffic"),
        ("HostHighCpuLoad", "resource"),
        ("HeapNearlyFull", "resource"),
        ("LogPattern", "log"),
        ("Weird", "other"),
        ("", "other"),
    ],
)
def test_symptom_is_the_first_class_whose_words_occur(name: str, kind: SymptomClass) -> None:
    assert symptom(name) == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [("ReplicasNotReadyAfterErrors", "state"), ("ErrorLatency", "error"), ("TimeoutOnNetwork", "latency")],
)
def test_symptom_of_two_classes_is_the_stronger_one(name: str, kind: SymptomClass) -> None:
    assert symptom(name) == kind


def test_log_is_a_word_of_its_own() -> None:
    assert symptom("Catalog") == "other"
