"""Silences in the fold: what is taken from a record, what they match, when their coverage ends, what is set aside."""

from __future__ import annotations

import math
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.engine import Engine
from aiops.engine.events import Feedback, Placed
from aiops.engine.silence_preview import preview
from aiops.engine.silences.actions import arguments, parse_silence
from aiops.engine.silences.silences import (
    MAX_EXPRESSIONS,
    MAX_SET_ASIDE,
    MAX_SILENCES,
    Silence,
    Silences,
    selector,
)
from aiops.errors import UsageError
from aiops.matchers import Matcher, read_matchers
from aiops.records import Action, Alert, Tick
from tests.engine.through_bytes import restored, saved

DAY = 86_400.0


def action(at: float = 0.0, **args: Any) -> Action:
    given = {"id": "s", "matchers": "service=cart", "until": "100"} | args
    return Action(
        ts=at, verb="silence", id="a", args={name: str(value) for name, value in given.items() if value != ""}
    )


def silence(
    name: str = "s", text: str = "service=cart", start: float = 0.0, end: float = 100.0, **more: Any
) -> Silence:
    return Silence(name, read_matchers(text), start, end, **more)


def alert(at: float, name: str = "HighLatency", **fields: Any) -> Alert:
    return Alert(ts=at, name=name, severity="critical", **({"service": "cart", "entity": "cart-1"} | fields))


def answers(engine: Engine, *records: Any) -> list[Feedback]:
    return [event for event in engine.step(records) if isinstance(event, Feedback)]


def dispositions(engine: Engine, *records: Any) -> list[str]:
    return [event.disposition for event in engine.step(records) if isinstance(event, Placed)]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"until": "1e300"}, "until: expected a time"),
        ({"until": "nan"}, "until: expected a time"),
        ({"until": "inf"}, "until: expected a time"),
        ({"until": "4102444800"}, "until: expected a time"),
        ({"until": "9999-12-31T23:59:59"}, "until: expected a time"),
        ({"until": "0001-01-01"}, "until: expected a time"),
        ({"until": "tomorrow"}, "until: expected a time"),
        ({"until": ""}, "until: expected a time"),
        ({"from": "-1"}, "from: expected a time"),
        ({"from": "nan"}, "from: expected a time"),
        ({"from": "200"}, "after its start"),
        ({"until": "50", "from": "10"}, "it ended"),
        ({"until": "49", "from": "10"}, "it ended"),
        ({"until": "49"}, "after its start"),
        ({"matchers": "nosuch!=x"}, "lacks these labels"),
        ({"matchers": "alertname=~.*"}, "lacks these labels"),
        ({"matchers": '[{"label":"a","op":"!~","value":"x+"}]'}, "lacks these labels"),
        ({"matchers": "[]"}, "expected 1 to 32"),
        ({"matchers": ""}, "expected 1 to 32"),
        ({"matchers": "{}"}, "expected 1 to 32"),
        ({"matchers": '[{"label":"","op":"=","value":"x"}]'}, "expected a label"),
        ({"matchers": '[{"label":"a","op":"is","value":"x"}]'}, "unknown operator"),
        ({"matchers": '[{"label":"a","op":"=~","value":"(?=x)"}]'}, "RE2"),
        ({"matchers": '[{"label":"a","op":"=~","value":"("}]'}, "RE2"),
        ({"matchers": "[" * 100_000}, "matchers"),
        ({"matchers": '[{"label":"a"}]'}, "matchers"),
        ({"matchers": 'a="b'}, 'closing "'),
        ({"every": "hour"}, "expected day, week, month"),
        ({"every": "day", "until": "90000"}, "no longer than the day"),
        ({"zone": "Mars/Olympus"}, "unknown time zone"),
        ({"zone": "../../../etc/passwd"}, "unknown time zone"),
        ({"every": "week", "weekdays": "noday"}, "weekdays"),
        ({"weekdays": "mon"}, "expected every = week"),
        ({"every": "day", "days": "1"}, "expected every = month"),
        ({"every": "month", "days": "0"}, "days of 1 to 31"),
        ({"every": "month", "days": "-2"}, "days of 1 to 31"),
        ({"every": "month", "days": "x"}, "days of 1 to 31"),
        ({"id": "x" * 257}, "256 characters"),
    ],
)
def test_record_that_does_not_fit_is_refused_and_set_aside(args: dict[str, str], said: str) -> None:
    engine = Engine()
    (answer,) = answers(engine, action(50.0, **args))
    assert not answer.applied
    assert said in answer.reason
    assert not engine.silences.by_id
    ((name, reason),) = engine.accounts()["silences_set_aside"].items()
    assert (name, reason) == (args.get("id", "s")[:256], answer.reason)
    # The engine goes on, also from a snapshot.
    other = Engine()
    other.restore(engine.snapshot())
    assert other.silences.set_aside == engine.silences.set_aside
    assert dispositions(other, alert(60.0)) == ["incident"]


def test_silence_that_is_mended_is_set_aside_no_more() -> None:
    engine = Engine()
    answers(engine, action(0.0, until="nan"), action(0.0))
    assert engine.silences.set_aside == {}
    assert dispositions(engine, alert(50.0)) == ["suppressed"]


def test_list_of_what_is_set_aside_is_bounded() -> None:
    silences = Silences()
    for number in range(MAX_SET_ASIDE + 5):
        silences.refuse(f"s{number}", "why")
    assert list(silences.set_aside) == [f"s{number}" for number in range(5, MAX_SET_ASIDE + 5)]


def test_old_arguments_are_read() -> None:
    """As earlier releases wrote them into the journal."""
    old = action(5.0, matchers='[{"label":"alertname","op":"=~","value":"High.*"}]', until="86405", every="day")
    assert parse_silence(old) == Silence(
        "s", (Matcher("alertname", "=~", "High.*"),), 5.0, 86405.0, "day", updated_at=5.0
    )


@pytest.mark.parametrize(
    "one",
    [
        silence(),
        silence(text='"a b"=~"x|y", c!=d, e=f', start=0.5, end=1e9 + 0.25),
        silence(every="week", zone="Europe/Berlin", weekdays=("mon", "sun")),
        silence(every="month", days=(-1, 1, 31), zone="UTC"),
        silence(created_by="ann"),
    ],
)
def test_arguments_of_a_silence_give_it_back(one: Silence) -> None:
    assert parse_silence(Action(ts=0.0, verb="silence", args=arguments(one))) == one


def test_times_without_an_offset_are_of_the_zone() -> None:
    one = parse_silence(
        action(0.0, **{"from": "2026-10-20T02:00", "until": "2026-10-20T04:00:00", "zone": "Europe/Berlin"})
    )
    assert (one.start, one.end) == (1_792_454_400.0, 1_792_461_600.0)
    other = parse_silence(action(0.0, **{"from": "2026-10-20T02:00", "until": "2026-10-20T04:00:00Z"}))
    assert (other.start, other.end) == (1_792_461_600.0, 1_792_468_800.0)


ALERTS = st.builds(
    lambda name, service, labels, source: Alert(ts=0.0, name=name, service=service, source=source, labels=labels),
    st.sampled_from(["a", "b", "High"]),
    st.sampled_from([None, "cart", "a"]),
    st.dictionaries(
        st.sampled_from(["env", "service", "a b", "pod"]), st.sampled_from(["", "x", "a", "cart"]), max_size=3
    ),
    st.sampled_from([None, "x"]),
)
MATCHER = st.builds(
    Matcher,
    st.sampled_from(["alertname", "name", "service", "entity", "env", "a b", "pod", "source"]),
    st.sampled_from(["=", "=", "!=", "=~", "!~"]),
    st.sampled_from(["", "x", "a", "cart", "c.*", "High|b"]),
)


def asks(matcher: Matcher, one: Alert, entity: str) -> bool:
    """What a matcher means, written once more without any index or memory."""
    import re

    named = {"alertname": one.name, "name": one.name, "entity": entity}
    own = {"service": one.service, "source": one.source}
    label = matcher.label
    values = {named[label] if label in named else own.get(label) or one.labels.get(label, "")}
    if label in own and one.labels.get(label):
        values.add(one.labels[label])
    holds = any(
        value == matcher.value if "~" not in matcher.op else re.fullmatch(matcher.value, value) is not None
        for value in values
    )
    return holds != matcher.op.startswith("!")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("pqrst"), st.lists(MATCHER, min_size=1, max_size=3), st.floats(0, 90), st.floats(1, 90)
        ),
        max_size=8,
    ),
    st.lists(st.tuples(ALERTS, st.sampled_from(["a", "x"]), st.floats(0, 200)), max_size=8),
    st.sampled_from([None, "q"]),
)
def test_first_silence_that_matches_is_found(
    made: list[tuple[str, list[Matcher], float, float]],
    alerts: list[tuple[Alert, str, float]],
    removed: str | None,
) -> None:
    silences, plain = Silences(), dict[str, Silence]()
    for name, matchers, start, length in made:
        one = Silence(name, tuple(matchers), start, start + length)
        silences.add(one)
        plain[name] = one
    if removed is not None:
        assert silences.remove(removed) == (plain.pop(removed, None) is not None)
    assert list(silences.by_id.values()) == list(plain.values())
    for one_alert, entity, at in alerts:
        expected = next(
            (
                one
                for one in plain.values()
                if one.start <= at < one.end and all(asks(each, one_alert, entity) for each in one.matchers)
            ),
            None,
        )
        assert silences.match(one_alert, entity, at) == expected


@pytest.mark.parametrize("texts", list(permutations(["service=cart", "alertname=~High.*", "entity!='',service=cart"])))
def test_silence_that_was_set_first_is_named(texts: tuple[str, ...]) -> None:
    """Whatever it is found by; one that is replaced keeps its place, one that is set anew does not."""
    silences = Silences()
    for number, text in enumerate(texts):
        silences.add(silence(str(number), text))
    names = []
    for change in (lambda: None, lambda: silences.add(silence("0", texts[0])), lambda: silences.remove("0")):
        change()
        found = silences.match(alert(0.0), "cart-1", 1.0)
        names.append(found.id if found is not None else None)
    silences.add(silence("0", texts[0]))
    found = silences.match(alert(0.0), "cart-1", 1.0)
    assert [*names, found.id if found is not None else None] == ["0", "0", "1", "1"]


def test_silence_covers_from_its_start_up_to_its_end() -> None:
    for every in (None, "day"):
        silences = Silences()
        silences.add(silence(start=50.0, end=100.0, every=every))
        found = [silences.match(alert(0.0), "cart-1", at) is not None for at in (49.9, 50.0, 99.9, 100.0)]
        assert found == [False, True, True, False]


def test_coverage_of_one_that_does_not_recur_ends_once() -> None:
    silences = Silences()
    silences.add(silence("late", end=200.0))
    silences.add(silence("early", end=100.0))
    assert silences.next_end == 100.0
    assert silences.ended(99.9) == []
    assert [one.id for one in silences.ended(100.0)] == ["early"]
    assert list(silences.by_id) == ["late"]
    assert silences.next_end == 200.0
    assert silences.ended(150.0) == []
    assert [one.id for one in silences.ended(1e9)] == ["late"]
    assert silences.next_end == math.inf
    assert silences.match(alert(0.0), "cart-1", 50.0) is None


def test_coverage_of_one_that_recurs_ends_with_each_window() -> None:
    silences = Silences()
    silences.add(silence("w", end=100.0, every="day"), now=DAY)
    assert silences.next_end == DAY + 100
    assert [one.id for one in silences.ended(DAY + 100)] == ["w"]
    assert silences.next_end == 2 * DAY + 100
    # Several windows that passed unseen end once.
    assert [one.id for one in silences.ended(5 * DAY + 200)] == ["w"]
    assert silences.next_end == 6 * DAY + 100
    assert list(silences.by_id) == ["w"]
    # One that began again by now covers again.
    assert [one.id for one in silences.ended(7 * DAY + 50)] == ["w"]
    assert silences.match(alert(0.0), "cart-1", 7 * DAY + 50) is not None
    assert silences.next_end == 7 * DAY + 100


def test_engine_drops_what_is_over_with_time() -> None:
    engine = Engine()
    engine.step([action(0.0), action(0.0, id="w", until="50", every="day"), Tick(ts=99.0)])
    assert list(engine.silences.by_id) == ["s", "w"]
    engine.step([Tick(ts=100.0)])
    assert list(engine.silences.by_id) == ["w"]
    assert engine.silences.next_end == DAY + 50


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(1.0, 40 * DAY), min_size=3, max_size=12),
    st.integers(0, 6),
    st.sampled_from([DAY, DAY - 1, 3600.0]),
    st.sampled_from(["UTC", "Europe/Berlin"]),
)
def test_snapshot_between_two_ends_changes_none(steps: list[float], cut: int, length: float, zone: str) -> None:
    def made() -> Silences:
        silences = Silences()
        silences.add(silence("w", start=1_790_000_000.0, end=1_790_000_000.0 + length, every="day", zone=zone))
        silences.add(silence("o", start=1_790_000_000.0, end=1_790_200_000.0))
        return silences

    whole, cut_off = made(), made()
    now = 1_790_000_000.0
    for turn, step in enumerate(steps):
        now += step
        if turn == cut:
            cut_off = restored(cut_off, Silences())
        assert whole.match(alert(0.0), "cart-1", now - step / 2) == cut_off.match(alert(0.0), "cart-1", now - step / 2)
        assert whole.ended(now) == cut_off.ended(now)
        assert whole.next_end == cut_off.next_end
        assert saved(whole) == saved(cut_off)


def test_snapshot_with_what_cannot_be_asked_is_read_without_it() -> None:
    bad = msgspec.structs.replace(silence("bad", "a=b"), matchers=(Matcher("a", "=~", "(?=x)"),))
    silences = Silences()
    silences.load(
        {"silences": [(silence("good"), 100.0, math.inf), (bad, 100.0, math.inf)], "past": [], "set_aside": []}
    )
    assert list(silences.by_id) == ["good"]
    assert "RE2" in silences.set_aside["bad"]


def test_number_of_silences_and_expressions_is_bounded() -> None:
    silences = Silences()
    for number in range(MAX_SILENCES):
        silences.add(silence(str(number)))
    with pytest.raises(UsageError, match="no more are taken"):
        silences.add(silence("more"))
    silences.add(silence("5", "service=other"))
    for number in range(MAX_EXPRESSIONS):
        silences.remove(str(number))
    for number in range(MAX_EXPRESSIONS // 2):
        silences.add(silence(f"e{number}", f"a=~x{number},b=~y{number}"))
    with pytest.raises(UsageError, match="expressions are held"):
        silences.add(silence("more", "a=~x"))
    silences.add(silence("plain", "a=x"))
    silences.add(silence("e3", "a=~other"))


def _written(*matchers: Matcher) -> str:
    return msgspec.json.encode(matchers).decode()


def test_hostile_pattern_of_a_journal_stops_nothing() -> None:
    patterns = [r"((a+))+$", "(a|a)*$", r"(?:(?:a+))+$", ".*.*.*.*.*=x", r"((\w+)-?)+-canary", "(x+x+)+y"]
    engine = Engine()
    set_ = [
        action(0.0, id=f"s{number}", matchers=_written(Matcher("service", "=", "cart"), Matcher("pod", "=~", pattern)))
        for number, pattern in enumerate(patterns)
    ]
    assert all(answer.applied for answer in answers(engine, *set_))
    pods = ["a" * 40 + "!", "checkoutservice-7d9f8c6b5d-x2x4z", "x" * 4_000, "a" * 40]
    records = [alert(10.0, entity=f"e{number}", labels={"pod": pod}) for number, pod in enumerate(pods)]
    assert dispositions(engine, *records) == ["incident", "incident", "incident", "suppressed"]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('alertname=~"Node.*"', {}),
        ("app.kubernetes.io/name=checkout", {"app.kubernetes.io/name": "checkout"}),
        ("foo🙂=bar", {"foo🙂": "bar"}),
        ("環境=本番", {"環境": "本番"}),
        ('"host.name"="server-01"', {"host.name": "server-01"}),
        ('{"a \\"b\\""="c"}', {'a "b"': "c"}),
    ],
)
def test_quotes_and_any_label_name_silence(text: str, labels: dict[str, str]) -> None:
    engine = Engine()
    assert answers(engine, action(0.0, matchers=text))[0].applied
    assert dispositions(engine, alert(10.0, "NodeReboot", labels=labels)) == ["suppressed"]
    assert dispositions(engine, alert(20.0, "Reboot", entity="other")) == ["incident"]


def test_nightly_window_of_berlin_covers_every_night() -> None:
    """02:00 to 04:00 each day, over the end of daylight saving; alerts at 02:15 and 03:30 by the wall clock."""
    from datetime import datetime

    from aiops import zones

    berlin = zones.zone("Europe/Berlin")
    start = zones.first(datetime(2026, 10, 20, 2), berlin)
    window = action(
        start - 3600, until=start + 7200, every="day", zone="Europe/Berlin", matchers="alertname=BackupLoad"
    )
    window.args["from"] = str(start)
    engine = Engine()
    engine.step([window])
    found = []
    for day in range(20, 32):
        for hour, minute in ((2, 15), (3, 30)):
            at = zones.first(datetime(2026, 10, day, hour, minute), berlin)
            firing = Alert(ts=at, name="BackupLoad", entity="nas-1", severity="critical")
            resolved = msgspec.structs.replace(firing, ts=at + 300, status="resolved")
            found += dispositions(engine, firing, resolved)
    assert found == ["suppressed"] * 48
    late = zones.first(datetime(2026, 10, 31, 4, 5), berlin)
    assert dispositions(engine, Alert(ts=late, name="BackupLoad", entity="nas-2", severity="critical")) == ["incident"]


def test_preview_counts_streams_and_incidents() -> None:
    engine = Engine()
    engine.step(
        [
            alert(10.0, starts_at=10.0, labels={"pod": "cart-1"}),
            alert(11.0, "HighErrors", starts_at=10.0),
            alert(12.0, "DiskFull", service="db", entity="db-1", starts_at=10.0),
            alert(13.0, "DiskFull", service="db", entity="db-2", starts_at=10.0),
            alert(14.0, "DiskFull", service="db", entity="db-2", status="resolved"),
        ]
    )
    before = engine.snapshot()
    found = preview(engine, silence(text="service=cart"), 20.0)
    assert (found.streams, found.firing, found.incidents) == (2, 2, 1)
    assert found.examples == ["HighLatency on cart-1", "HighErrors on cart-1"]
    assert [(one.start, one.end) for one in found.windows] == [(0.0, 100.0)]
    found = preview(engine, silence(text="alertname=~Disk.*", every="day"), 150.0)
    assert (found.streams, found.firing, found.incidents) == (2, 1, 1)
    assert found.examples == ["DiskFull on db-1", "DiskFull on db-2"]
    assert [one.start for one in found.windows] == [DAY, 2 * DAY, 3 * DAY]
    assert str(found) == "matches 2 streams of the last 15 min (1 firing now, in 1 open incident)"
    assert preview(engine, silence(text="pod=cart-1"), 20.0).streams == 1
    assert preview(engine, silence(text="severity=critical"), 20.0).firing == 3
    assert (
        str(preview(engine, silence(text="a=b"), 200.0))
        == "matches 0 streams of the last 15 min (0 firing now, in 0 open incidents)"
    )
    assert preview(engine, silence(text="a=b"), 200.0).windows == []
    assert engine.snapshot() == before


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 200])
def test_expressions_that_are_asked_together_find_each(count: int) -> None:
    """Also where one of them cannot be put together with others, or is too large to be."""
    texts = [f"pod=~x{number}-.*,env=''" for number in range(count)]
    texts[count // 2 : count // 2] = [r'pod=~"\\Qa|b"', r"pod=~`\Qc|d\E`", "pod=~(y{900})+", "pod=~(z{900})+"]
    texts += ["pod=~(w{1000}){1}v{1000}u{1000}", "pod=~(u{1000}){1}v{1000}w{1000}"]
    silences = Silences()
    for number, text in enumerate(texts):
        silences.add(silence(str(number), text))
    found = {value: silences.match(alert(1.0, labels={"pod": value}), "e", 1.0) for value in _pods(count)}
    matched = {value: one.matchers[0].value if one is not None else None for value, one in found.items()}
    expected = {f"x{number}-1": f"x{number}-.*" for number in range(count)}
    assert matched == expected | {"a|b": r"\Qa|b", "c|d": r"\Qc|d\E", "y" * 1_800: "(y{900})+", "": None, "y": None}


def _pods(count: int) -> list[str]:
    return [*(f"x{number}-1" for number in range(count)), "a|b", "c|d", "y" * 1_800, "", "y"]


def test_selector_asks_all() -> None:
    selects = selector(read_matchers("service=cart,pod=~a.*"))
    assert selects(alert(0.0, labels={"pod": "a1"}), "x")
    assert not selects(alert(0.0), "x")


def test_shipped_archive_of_actions_is_kept(tmp_path: Path) -> None:
    """What is written as an action reads back from the journal's own format."""
    from aiops.records.decode import decode, encode

    one = action(1.0, matchers='{"a b"=~"x|y", c!=d, e=f}', every="week", weekdays="tue,mon", zone="Asia/Tokyo")
    again = decode(encode(one))
    assert isinstance(again, Action)
    assert parse_silence(again) == parse_silence(one)
    assert parse_silence(one).weekdays == ("mon", "tue")
    assert parse_silence(one).recurrence() == "each week on mon, tue (Asia/Tokyo)"
