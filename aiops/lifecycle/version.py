"""Data of the registry: versions of models, runs of the pipeline, and moves between stages."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Stage = Literal["candidate", "shadow", "canary", "serving", "retired"]
Outcome = Literal["running", "done", "failed"]


class Data(Struct, kw_only=True, omit_defaults=True):
    """The records that a version learned from, or that a run was measured on.

    `since` and `until` are the times of the first and the last record (Unix seconds), `hash` is that of all records in
    order. `confirmed` counts outcomes that people confirmed, `labelled` those that an archive's labels stand for.
    """

    sources: list[str] = field(default_factory=list)
    since: float | None = None
    until: float | None = None
    records: int = 0
    hash: str = ""
    confirmed: int = 0
    labelled: int = 0


class Version(Struct, kw_only=True, omit_defaults=True):
    """A model that could decide in a slot; the numbers themselves are in the file of its id.

    `verdict` is True if measured outcomes recommend it, False if they advise against it, None if there were too few;
    `incumbent` is the version beside which it was measured. `size` is the length of the state as text.
    """

    id: str
    slot: str
    algorithm: str
    parent: str | None = None
    data: Data = field(default_factory=Data)
    code: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    verdict: bool | None = None
    reason: str = ""
    incumbent: str | None = None
    size: int = 0
    created: float = 0.0
    stage: Stage = "candidate"


class Run(Struct, kw_only=True, omit_defaults=True):
    """One run of the pipeline: a training or an evaluation, whether or not it made a version."""

    number: int = 0
    slot: str
    kind: Literal["train", "evaluate"] = "train"
    started: float
    seconds: float = 0.0
    data: Data = field(default_factory=Data)
    parameters: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    outcome: Outcome = "running"
    problem: str = ""
    version: str | None = None


class Move(Struct, kw_only=True, omit_defaults=True):
    """A version that came to a stage. A rollback is a move back to `serving`."""

    number: int = 0
    slot: str
    version: str
    stage: Stage
    at: float
    actor: str = ""
    reason: str = ""
    is_rollback: bool = False
