"""The form of a replay becomes a request, or one sentence about what does not fit."""

from __future__ import annotations

import pytest

from aiops.pages.replay_form import body_of, form_of, of_job
from aiops.views.replay import Job
from aiops.web.operations import ApiError

CHANGE = {"key0": "correlate.sensitivity", "value0": "0.9"}


def test_a_stretch_is_a_number_of_seconds() -> None:
    found = body_of(form_of({"source": "3600", **CHANGE}), "UTC")
    assert (found.last_s, found.since, found.archive) == (3_600.0, None, None)
    assert found.changes == {"correlate.sensitivity": "0.9"}


def test_times_are_those_of_the_readers_zone() -> None:
    fields = {"source": "between", "since": "2026-03-01T11:00", "until": "2026-03-01T12:00:30", **CHANGE}
    found = body_of(form_of(fields), "Europe/Berlin")
    assert (found.since, found.until) == (1_772_359_200.0, 1_772_362_830.0)
    assert body_of(form_of({"source": "between", **CHANGE}), "UTC").since is None


def test_an_archive_is_named_by_its_id() -> None:
    assert body_of(form_of({"source": "archive:ab12", **CHANGE}), "UTC").archive == "ab12"
    assert body_of(form_of({"source": "archive:", **CHANGE}), "UTC").archive == "none"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"source": "3600"}, "expected a setting to change"),
        ({"source": "3600", "key0": "a.b"}, "expected a key and a value; got only the key a.b"),
        ({"source": "3600", "value1": "5"}, "expected a key and a value; got only the value 5"),
        ({"source": "3600", **CHANGE, "key1": "correlate.sensitivity", "value1": "1"}, "is there twice"),
        ({"source": "yesterday", **CHANGE}, "expected one of the choices; got 'yesterday'"),
        ({"source": "between", "since": "soon", **CHANGE}, "from: expected a time"),
        ({"source": "between", "until": "9999-01-01T00:00", **CHANGE}, "to: expected a time"),
    ],
)
def test_what_does_not_fit_is_named(fields: dict[str, str], problem: str) -> None:
    with pytest.raises(ApiError) as caught:
        body_of(form_of(fields), "UTC")
    assert caught.value.status == 400
    assert problem in caught.value.reason


def test_fields_are_cut() -> None:
    form = form_of({"source": "x" * 9_000, "key2": "k" * 9_000, "unknown": "x"})
    assert (len(form.source), len(form.rows[2].key)) == (2_000, 2_000)


def test_a_job_fills_the_form_again() -> None:
    job = Job("j", "done", "alice", "a.jsonl", {"a.b": "1"}, 1_772_359_200.0, archive="ab12")
    assert of_job(job, "UTC").source == "archive:ab12"
    assert [row.key for row in of_job(job, "UTC").rows] == ["a.b", "", ""]
    job = Job("j", "done", "alice", "journal", {}, 1_772_359_200.0, since=1_772_355_600.0)
    form = of_job(job, "Europe/Berlin")
    assert (form.source, form.since, form.until) == ("between", "2026-03-01T10:00:00", "2026-03-01T11:00:00")
