"""Terms of a search in the history: each field, alternatives, negation, hostile patterns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aiops.errors import UsageError
from aiops.store.alert_history import AlertQuery, search
from aiops.store.alert_terms import terms_of
from aiops.store.frame_alerts import FrameAlerts
from aiops.store.store import Store
from tests.store.episodes import keep, state
from tests.store.test_alert_history import ROWS


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("store"))
    states = [row if row is not None else state(2, disposition="suppressed") for _, row in ROWS]
    keep(store, 0, FrameAlerts(begun=[one for one, _ in ROWS], states=states))
    yield store
    store.close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [3, 2, 1, 0]),
        ("50%", [0]),
        ("k_f", [3]),
        ("%", [0]),
        ("nobody", []),
        ("-slow", [3, 0]),
        ("alert:slow", [2, 1]),
        ("alert:s*", [2, 1]),
        ("alert:%", []),
        ("alert:Down,Disk_full", [3, 0]),
        ("-alert:Down,Disk_full", [2, 1]),
        ("entity:db-1", [3, 0]),
        ("service:web", [1]),
        ("service:web-2", [2]),
        ("-service:db", [2, 1]),
        ("source:prometheus", [3, 1, 0]),
        ("-source:prometheus", [2]),
        ("label:team=data", [3, 0]),
        ("label:team=dat*", [3, 0]),
        ("label:zone", [0]),
        ("-label:zone", [3, 2, 1]),
        ("label:team=data label:zone=50%", [0]),
        ('label:"a.b\\"c=x"', [3]),
        ('label:"team=data\' or 1=1 --"', []),
        ("went:silenced", [2]),
        ("went:incident,silenced", [2, 1]),
        ("-went:background", [2, 1]),
        ("severity:critical", [2]),
        ("state:ended", [0]),
        ("state:firing", [3, 2, 1]),
        ("incident:i-1", [1]),
        ("-incident:i-1", [3, 2, 0]),
        ("silence:s1", [2]),
        ("fingerprint:Slow/web-1", [1]),
        ("slow went:silenced", [2]),
    ],
)
def test_terms_find_what_they_mean(store: Store, text: str, found: list[int]) -> None:
    page = search(store.database.reader, AlertQuery(query=terms_of(text)))
    assert [one.seq for one in page.episodes] == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("went:nowhere", "expected incident, silenced, background or rejected"),
        ("wend:incident", "did you mean went:?"),
        ("severity:hihg", "did you mean severity:high"),
        ("label:=x", "expected a name"),
    ],
)
def test_terms_that_do_not_fit_are_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        terms_of(text)
    assert said in str(error.value)
