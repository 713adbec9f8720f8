"""Export to an MLflow server, by its REST API.

See https://mlflow.org/docs/latest/rest-api.html. Each run of the registry becomes a run of the experiment
`aiops/SLOT`, each version one of the registered model `aiops-SLOT`, tagged with its id, whose state is uploaded where
the server serves artifacts. What was exported before is recognised by its tag and not sent twice. The guard of
addresses and the redaction are those of all requests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from aiops.errors import AiopsError, UsageError
from aiops.http.client import HttpClient, HttpFailure, HttpReply
from aiops.http.redaction import redact
from aiops.lifecycle.registry import Registry
from aiops.lifecycle.version import Run, Version

API = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
# The API's limit for values of parameters and tags, and the tag by which an export is recognised.
MAX_VALUE, MAX_TAG = 500, 5_000
ID_TAG = "aiops.id"
_EXISTS = "RESOURCE_ALREADY_EXISTS"


class Exported(Struct):
    """Counts of an export: what it sent, and what was there before."""

    versions: int = 0
    known: int = 0


class MlflowExport:
    """Sends a registry to one server."""

    def __init__(self, url: str, client: HttpClient, token: str = "") -> None:
        """Raise `UsageError` for a URL that is not permitted."""
        self._url, self._client = url.rstrip("/"), client
        self._headers = {"content-type": "application/json"}
        if token:
            self._headers["authorization"] = f"Bearer {token}"
        try:
            client.check(self._url, "--mlflow")
        except UsageError as error:
            raise UsageError(str(error).replace("allow_private = true", "--allow-private")) from None

    def send(self, registry: Registry, slot: str | None = None) -> Exported:
        """Send runs and versions; raise `AiopsError` with the server's reason."""
        found = Exported()
        runs = {run.version: run for run in registry.runs(slot) if run.kind == "train" and run.version is not None}
        for version in registry.versions(slot):
            experiment = self._experiment(f"aiops/{version.slot}")
            run = self._known(experiment, version.id)
            if run:
                # An evaluation may have changed what is known of it.
                self._log(run, version)
                found.known += 1
            else:
                run = self._run(experiment, version, runs.get(version.id))
                source = self._upload(experiment, run, version, registry.state(version))
                self._version(version, run, source)
                self._post("runs/update", {"run_id": run, "status": "FINISHED", "end_time": _ms(version.created)})
                found.versions += 1
            if version.stage == "serving":
                self._alias(version, run)
        return found

    def _experiment(self, name: str) -> str:
        answer = self._call("POST", "experiments/create", {"name": name})
        if answer.status == 200:
            return str(_json(answer)["experiment_id"])
        found = self._call("GET", f"experiments/get-by-name?experiment_name={quote(name, safe='')}")
        return str(self._checked(found)["experiment"]["experiment_id"])

    def _known(self, experiment: str, id: str) -> str:
        """Return the run that was finished for a version; empty if there is none."""
        wanted = {
            "experiment_ids": [experiment],
            "filter": f"tags.`{ID_TAG}` = '{id}' and attributes.status = 'FINISHED'",
            "max_results": 1,
        }
        found = self._post("runs/search", wanted).get("runs") or []
        return str(found[0]["info"]["run_id"]) if found else ""

    def _run(self, experiment: str, version: Version, run: Run | None) -> str:
        started = _ms(run.started if run is not None else version.created)
        tags = [{"key": "mlflow.runName", "value": version.id}, {"key": ID_TAG, "value": version.id}]
        made = self._post("runs/create", {"experiment_id": experiment, "start_time": started, "tags": tags})
        id = str(made["run"]["info"]["run_id"])
        self._log(id, version)
        return id

    def _log(self, run: str, version: Version) -> None:
        at = _ms(version.created)
        metrics = [{"key": name, "value": value, "timestamp": at, "step": 0} for name, value in version.metrics.items()]
        params = [{"key": name, "value": value[:MAX_VALUE]} for name, value in _parameters(version).items()]
        tagged = [{"key": name, "value": value[:MAX_TAG]} for name, value in _tags(version).items()]
        self._post("runs/log-batch", {"run_id": run, "metrics": metrics, "params": params, "tags": tagged})

    def _upload(self, experiment: str, run: str, version: Version, text: str) -> str:
        """Upload the state where the server serves artifacts; return the source of the version."""
        run_info = self._checked(self._call("GET", f"runs/get?run_id={quote(run)}"))["run"]["info"]
        folder = str(run_info.get("artifact_uri", ""))
        path = f"{experiment}/{run}/artifacts/{version.id}.json"
        if folder.startswith("mlflow-artifacts:"):
            self._checked(self._send("PUT", f"{ARTIFACTS}/{path}", text.encode()))
        return folder

    def _version(self, version: Version, run: str, source: str) -> None:
        name = f"aiops-{version.slot}"
        answer = self._call("POST", "registered-models/create", {"name": name})
        if answer.status != 200 and _json(answer).get("error_code") != _EXISTS:
            self._checked(answer)
        tags = [{"key": name_, "value": value[:MAX_TAG]} for name_, value in _tags(version).items()]
        self._post("model-versions/create", {"name": name, "source": source, "run_id": run, "tags": tags})

    def _alias(self, version: Version, run: str) -> None:
        """Let the alias `serving` name the version of a run."""
        wanted = quote(f"run_id='{run}'", safe="")
        found = self._checked(self._call("GET", f"model-versions/search?filter={wanted}")).get("model_versions") or []
        if found:
            number = str(found[0]["version"])
            name = f"aiops-{version.slot}"
            self._post("registered-models/alias", {"name": name, "alias": "serving", "version": number})

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._checked(self._call("POST", path, body))

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> HttpReply:
        return self._send(method, f"{API}/{path}", json.dumps(body).encode() if body is not None else b"")

    def _send(self, method: str, path: str, body: bytes) -> HttpReply:
        try:
            return self._client.send(method, f"{self._url}{path}", body=body, headers=self._headers)
        except HttpFailure as error:
            raise AiopsError(f"--mlflow: {error}") from None

    def _checked(self, answer: HttpReply) -> dict[str, Any]:
        if answer.status == 200:
            return _json(answer)
        reason = str(_json(answer).get("message", ""))[:300]
        raise AiopsError(f"--mlflow: the server answered {answer.status}: {redact(reason) or 'without a reason'}")


def _json(answer: HttpReply) -> dict[str, Any]:
    try:
        found = json.loads(answer.body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _parameters(version: Version) -> dict[str, str]:
    data = version.data
    found = {"algorithm": version.algorithm, "data_hash": data.hash, "data_records": str(data.records)}
    return {name: value for name, value in {**found, **version.parameters}.items() if value}


def _tags(version: Version) -> dict[str, str]:
    found = {
        "aiops.slot": version.slot,
        "aiops.code": version.code,
        "aiops.parent": version.parent or "",
        "aiops.verdict": {True: "recommended", False: "advised against", None: "none"}[version.verdict],
        "aiops.reason": version.reason,
        ID_TAG: version.id,
    }
    return {name: value for name, value in found.items() if value}


def _ms(at: float) -> int:
    return int(at * 1000)
