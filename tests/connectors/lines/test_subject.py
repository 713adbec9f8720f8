"""A subject's state, and what stays of it when the state changes."""

from __future__ import annotations

import pytest
from aiops_connectors.lines.subject import subject_key, subject_name, subject_state
from hypothesis import given
from hypothesis import strategies as st

PAIRS = [
    ("** PROBLEM Service Alert: web-3/HTTPS is CRITICAL **", "** RECOVERY Service Alert: web-3/HTTPS is OK **"),
    ("[FIRING:1] DiskFull (node-1)", "[RESOLVED] DiskFull (node-1)"),
    ("Problem: High CPU on web-1", "Resolved in 5m 3s: High CPU on web-1"),
    ("DOWN alert: shop (shop.example) is DOWN", "UP alert: shop (shop.example) is UP"),
    ("Monitor is DOWN: shop.example", "Monitor is UP: shop.example"),
    ('ALARM: "HighCPU" in EU (Ireland)', 'OK: "HighCPU" in EU (Ireland)'),
    ("CPU at 97 % - CRITICAL", "Re: CPU at 12.5 % - OK"),
    ("HOST DOWN :: web-1", "HOST UP :: web-1"),
    ("[Alerting] Latency", "[OK] Latency"),
]


@pytest.mark.parametrize(("fires", "ends"), PAIRS)
def test_both_ends_meet_and_name_their_states(fires: str, ends: str) -> None:
    assert (subject_state(fires), subject_state(ends)) == ("firing", "resolved")
    assert subject_key(fires) == subject_key(ends)


def test_different_things_stay_different() -> None:
    keys = {subject_key(fires) for fires, _ in PAIRS}
    assert len(keys) == len(PAIRS)
    assert subject_key("DOWN: web-1") != subject_key("DOWN: web-2")
    assert subject_key("[prod] Disk full") != subject_key("[staging] Disk full")


@pytest.mark.parametrize("text", ["Backup failed", "Lunch", "", "[Pingdom] report", "Open positions in the up team"])
def test_words_elsewhere_are_no_state(text: str) -> None:
    assert subject_state(text) is None


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("** ACKNOWLEDGEMENT Host Alert: db-1 is DOWN **", "acknowledged"),
        ("** DOWNTIMESTART Host Alert: db-1 is UP **", "paused"),
        ("Fwd: RE: [critical] x", "firing"),
    ],
)
def test_other_states(text: str, state: str) -> None:
    assert subject_state(text) == state


def test_a_name_keeps_its_case() -> None:
    assert subject_name("Re: [CRITICAL] Disk on Web-1") == "Disk on Web-1"
    assert subject_name("[OK]") is None


@given(
    st.text(max_size=2_000)
    | st.lists(st.sampled_from(["is ", "** ", "[", "OK", " - ", "9 %", ":"]), max_size=300).map("".join)
)
def test_any_subject_is_read(text: str) -> None:
    assert subject_state(text) in (None, "firing", "resolved", "acknowledged", "paused")
    key = subject_key(text)
    assert key is None or (key and key == key.lower())
    subject_name(text)


@pytest.mark.parametrize(
    ("fires", "ends"),
    [
        ("[Shop] [🔴 Down] connection refused", "[Shop] [✅ Up] 200 - OK"),
        (
            "[PRTG Network Monitor (HQ)] fw-1 Ping (Ping) Down (no answer)",
            "[PRTG Network Monitor (HQ)] fw-1 Ping (Ping) Up (9 msec)",
        ),
        (
            "[PRTG Network Monitor (HQ)] fw-1 Ping (Ping) Down ESCALATION (no answer)",
            "[Net] fw-1 Ping (Ping) Down ended (now: Up) (9 msec)",
        ),
        ("Check_MK: web-1/CPU load OK -> CRIT", "Check_MK: web-1/CPU load CRIT -> OK"),
        ("web-1 needs attention - ram in use = 91%", "web-1 recovered - ram in use = 40%"),
        ("Alert for device sw-9 - Port down", "Device sw-9 recovered from Port down"),
        ("[Shop monitoring] Triggered: Disk on db-1", "[Shop monitoring] Recovered: Disk on db-1"),
        ("Alert: Backup of nas-1", "Alert cleared: Backup of nas-1"),
        ("Incident started: Checkout", "Incident resolved: Checkout"),
        ("shop-1 is DOWN right now", "shop-1 is UP again"),
    ],
)
def test_both_ends_of_a_tool_have_one_key_and_one_name(fires: str, ends: str) -> None:
    assert (subject_state(fires), subject_state(ends)) == ("firing", "resolved")
    assert subject_key(fires) == subject_key(ends) is not None


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("ACKNOWLEDGEMENT Service Alert: web-1/HTTP is CRITICAL", "acknowledged"),
        ("DOWNTIMESTART Host Alert: web-1 is UP", "paused"),
        ("Alert for device sw-9 - Port down got acknowledged", "acknowledged"),
        ("Alert for device sw-9 - Port down got worse", "firing"),
        ("[PRTG Network Monitor (HQ)] fw-1 Ping (Ping) Paused", "paused"),
        ("Re: [Shop] [🔴 Down] connection refused", "firing"),
    ],
)
def test_a_note_of_a_tool_is_no_news_of_the_problem(text: str, state: str) -> None:
    assert subject_state(text) == state
