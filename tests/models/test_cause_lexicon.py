"""Alert names of many tools read as the class that a person would give them."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiops_models.causes.lexicon import BENIGN, CACHE, Lexicon, load_lexicon
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError

NAMES = {
    "docker_cpu_core_3_norm_pct:up": "resource",
    "docker_memory_rss_total": "resource",
    "container_fs_reads./dev/vda:up": "resource",
    "HighMemoryUsage": "resource",
    "DiskWillFillIn4Hours": "resource",
    "JvmGcPauseTooLong": "resource",
    "KubePodCrashLooping": "state",
    "KubeEvent:FailedScheduling": "state",
    "ContainerOOMKilled": "state",
    "InstanceDown": "state",
    "trace:500": "error",
    "HTTP 5xx rate": "error",
    "grpc-sr:down": "error",
    "availability Average": "error",
    "trace:PD": "latency",
    "PodServerLatencyP99(s)": "latency",
    "latency p50": "latency",
    "lat_50": "latency",
    "grpc-mrt:up": "latency",
    "container_network_receive_MB.eth0": "traffic",
    "NetworkTransmitBytes": "traffic",
    "THROUGHPUT_DROP": "traffic",
    "PodWorkload(Ops)": "traffic",
    "NETWORK_QUALITY_DEGRADED": "network",
    "TcpRetransmits": "network",
    "PacketLoss": "network",
    "NetworkReceiveErrs": "network",
    "BlackboxProbeFailed": "error",
    "BlackboxProbeSlow": "latency",
    "PostgresqlReplicationLag": "state",
    "RedisMemoryHigh": "resource",
    "TargetDown": "state",
    "log:7": "log",
    "SomethingElse": "other",
}


@pytest.mark.parametrize(("name", "cls"), NAMES.items())
def test_class_of(name: str, cls: str) -> None:
    assert Lexicon().read(name).cls == cls


def test_machine_metrics_count_for_the_machine_only() -> None:
    lexicon = Lexicon()
    assert lexicon.read("system.cpu.pct_usage").cls == "host"
    assert lexicon.read("system.cpu.pct_usage", on_machine=True).cls == "resource"


def test_aliases_share_a_type_and_directions_do_not() -> None:
    lexicon = Lexicon()
    one, alias = lexicon.read("docker_cpu_core_3_norm_pct:up"), lexicon.read("docker_cpu_core_12_pct:up")
    assert one.type == alias.type
    assert one.type != lexicon.read("docker_cpu_core_3_norm_pct:down").type


@pytest.mark.parametrize(
    ("name", "harm"),
    [("latency:down", BENIGN), ("latency:up", 1.0), ("success_rate:up", BENIGN), ("success_rate:down", 1.0)],
)
def test_good_directions_do_little_harm(name: str, harm: float) -> None:
    assert Lexicon().read(name).harm == harm


def test_log_templates_are_types_of_their_own() -> None:
    lexicon = Lexicon()
    assert lexicon.read("log:7").type != lexicon.read("log:8").type


def test_words_to_classes_are_enough() -> None:
    own = load_lexicon({"flux": "latency", "warp core": "resource"})
    assert own.read("flux_p50").cls == "latency"
    assert own.read("WarpCoreBreach").cls == "resource"


def test_operators_words_come_first() -> None:
    own = load_lexicon({"classes": [{"class": "error", "words": ["memory bank"]}]})
    assert own.read("memory_bank_checksum").cls == "error"
    assert own.read("memory_used").cls == "resource"


def test_operators_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "classes:\n  - class: latency\n    words: [trödel*]\n  - class: state\n    words: [flux capacitor]\n"
    )
    assert load_lexicon(path).read("FluxCapacitor").cls == "state"


@pytest.mark.parametrize("given", [{"classes": [{"class": "colour", "words": []}]}, {"clases": []}, 7, "no/such/file"])
def test_bad_lexicon_is_told(given: object) -> None:
    with pytest.raises(UsageError, match="lexicon"):
        load_lexicon(given)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=2000))
def test_any_name_can_be_read(name: str) -> None:
    reading = Lexicon().read(name)
    assert len(reading.type) < 1024
    assert reading.harm in (BENIGN, 1.0)


def test_cache_is_bounded() -> None:
    lexicon = Lexicon()
    for number in range(CACHE + 100):
        lexicon.read("x" * (number % 50) + str(number))
    assert len(lexicon._cache) <= CACHE
