"""The export to MLflow: the requests of its documented REST API, once for each version, guarded like any other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.errors import AiopsError, UsageError
from aiops.http.client import HttpClient
from aiops.lifecycle import Registry
from aiops.lifecycle.mlflow import Exported, MlflowExport
from aiops.testing.receiver import Receiver, Reply
from tests.lifecycle.test_registry import added, promote

ARTIFACTS = "mlflow-artifacts:/7/r1/artifacts"


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(allow_private=True)
    yield client
    client.close()


def answers(*bodies: Any) -> list[Reply]:
    return [Reply(body=json.dumps(body).encode()) for body in bodies]


def whole(folder: str = ARTIFACTS) -> list[Reply]:
    """The answers to the export of one version that serves."""
    made = {"run": {"info": {"run_id": "r1"}}}
    found = {"run": {"info": {"run_id": "r1", "artifact_uri": folder}}}
    uploaded: list[dict[str, str]] = [{}] if folder == ARTIFACTS else []
    numbered = {"model_versions": [{"version": "1"}]}
    return answers({"experiment_id": "7"}, {}, made, {}, found, *uploaded, {}, {}, {}, numbered, {})


def sent(receiver: Receiver) -> list[tuple[str, str]]:
    return [(one.method, one.path.removeprefix("/api/2.0/mlflow")) for one in receiver.requests]


def serving(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path)
    promote(registry, added(registry, 1, metrics={"top1": 0.5}, parameters={"recent": "7d"}, verdict=True))
    return registry


def test_a_version_is_a_run_a_state_and_a_version_of_a_model(
    receiver: Receiver, client: HttpClient, tmp_path: Path
) -> None:
    registry, receiver.replies = serving(tmp_path), whole()
    (version,) = registry.versions()
    found = MlflowExport(receiver.url, client, "secret").send(registry)
    assert found == Exported(versions=1, known=0)
    assert sent(receiver) == [
        ("POST", "/experiments/create"),
        ("POST", "/runs/search"),
        ("POST", "/runs/create"),
        ("POST", "/runs/log-batch"),
        ("GET", "/runs/get?run_id=r1"),
        ("PUT", f"-artifacts/artifacts/7/r1/artifacts/{version.id}.json"),
        ("POST", "/registered-models/create"),
        ("POST", "/model-versions/create"),
        ("POST", "/runs/update"),
        ("GET", "/model-versions/search?filter=run_id%3D%27r1%27"),
        ("POST", "/registered-models/alias"),
    ]
    assert all(one.headers["authorization"] == "Bearer secret" for one in receiver.requests)
    assert receiver.requests[5].body.decode() == registry.state(version)
    bodies = {
        path: json.loads(one.body) for (_, path), one in zip(sent(receiver), receiver.requests, strict=True) if one.body
    }
    assert bodies["/experiments/create"] == {"name": "aiops/causes"}
    batch = bodies["/runs/log-batch"]
    assert {"key": "top1", "value": 0.5, "timestamp": 1000, "step": 0} in batch["metrics"]
    assert {"key": "recent", "value": "7d"} in batch["params"]
    assert {"key": "aiops.verdict", "value": "recommended"} in batch["tags"]
    assert bodies["/model-versions/create"]["source"] == ARTIFACTS
    assert bodies["/registered-models/alias"] == {"name": "aiops-causes", "alias": "serving", "version": "1"}
    assert bodies["/runs/update"]["status"] == "FINISHED"


def test_a_server_without_artifacts_gets_no_state(receiver: Receiver, client: HttpClient, tmp_path: Path) -> None:
    registry, receiver.replies = serving(tmp_path), whole("s3://bucket/7/r1")
    MlflowExport(receiver.url, client).send(registry)
    assert not [one for one in sent(receiver) if one[0] == "PUT"]


def test_what_was_exported_before_is_not_sent_again(receiver: Receiver, client: HttpClient, tmp_path: Path) -> None:
    receiver.replies = [
        Reply(400, b'{"error_code": "RESOURCE_ALREADY_EXISTS"}'),
        *answers({"experiment": {"experiment_id": "7"}}, {"runs": [{"info": {"run_id": "r1"}}]}, {}),
        *answers({"model_versions": [{"version": "3"}]}, {}),
    ]
    found = MlflowExport(receiver.url, client).send(serving(tmp_path))
    assert found == Exported(known=1)
    assert [path for _, path in sent(receiver)] == [
        "/experiments/create",
        "/experiments/get-by-name?experiment_name=aiops%2Fcauses",
        "/runs/search",
        "/runs/log-batch",
        "/model-versions/search?filter=run_id%3D%27r1%27",
        "/registered-models/alias",
    ]
    assert json.loads(receiver.requests[-1].body)["version"] == "3"


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (Reply(403, b'{"message": "not for https://u:hunter2@x/ you"}'), "answered 403: not for"),
        (Reply(500, b"<html>"), "answered 500: without a reason"),
        (Reply(200, b"[]", cut="before"), "--mlflow"),
    ],
)
def test_the_reason_of_a_failure_is_shown(
    reply: Reply, problem: str, receiver: Receiver, client: HttpClient, tmp_path: Path
) -> None:
    receiver.replies = [reply]
    with pytest.raises(AiopsError, match=problem) as raised:
        MlflowExport(receiver.url, client, "secret").send(serving(tmp_path))
    assert "secret" not in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://mlflow.example.org", "https://127.0.0.1:5000", "https://169.254.169.254", "x"])
def test_addresses_are_guarded(url: str) -> None:
    client = HttpClient()
    with pytest.raises(UsageError, match="--mlflow"):
        MlflowExport(url, client)
    client.close()
