"""Automation systems that answer as their documentation says, over real HTTP; a request that is not documented fails.

AWX: docs.ansible.com/automation-controller (Launch a Job Template). Rundeck: docs.rundeck.com/docs/api.
StackStorm: api.stackstorm.com. Argo: argo-workflows.readthedocs.io (API Examples, swagger). Systems Manager: the API
Reference of AWS.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiops.http.aws_signing import AwsKeys, AwsSigner

TOKEN = "s3cr3t-token"
KEYS = AwsKeys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
UUID = "f4e0d6a2-7c57-4f0b-a0a1-0d2a7b1f5c11"
Answer = tuple[int, Any]


class Documented:
    """One system: `words` are the states of a job in the order in which it shows them."""

    def __init__(self, *words: str) -> None:
        self.words = list(words)
        self.started: list[Any] = []
        self.asked = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def word(self) -> str:
        """The next state; the last one stays."""
        self.asked += 1
        return self.words.pop(0) if len(self.words) > 1 else self.words[0]

    def answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        """Answer as documented; a system answers 404 for what it does not know."""
        return 404, {"path": path}


def bearer(headers: dict[str, str]) -> bool:
    return headers.get("authorization") == f"Bearer {TOKEN}"


class AwxServer(Documented):
    """Job template 42, `rotate-logs` of the organization Default."""

    prompts: dict[str, Any] = {}  # noqa: RUF012 - replaced, never changed
    inventory = 3

    def answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        if not bearer(headers):
            return 401, {"detail": "Authentication credentials were not provided."}
        if path in ("/api/v2/job_templates/42/launch/", "/api/v2/job_templates/rotate-logs%2B%2BDefault/launch/"):
            asks = {
                "ask_variables_on_launch": True,
                "ask_limit_on_launch": True,
                "survey_enabled": False,
            } | self.prompts
            if method == "GET":
                where = {"inventory": {"name": "production", "id": self.inventory}, "limit": "", "scm_branch": ""}
                data = {"name": "rotate-logs", "id": 42, "description": ""}
                plain = {"can_start_without_user_input": True, "passwords_needed_to_start": []}
                return 200, {**plain, "job_template_data": data, "defaults": where, **asks}
            body = json.loads(raw)
            assert set(body) <= {"extra_vars", "limit"}
            self.started.append(body)
            return 201, {"job": 7, "id": 7, "type": "job", "status": "pending", "ignored_fields": {}}
        if method == "GET" and path == "/api/v2/jobs/7/":
            return 200, {"id": 7, "status": self.word()}
        return 404, {"detail": "Not found."}


class RundeckServer(Documented):
    def answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        if headers.get("x-rundeck-auth-token") != TOKEN:
            return 403, {"error": True, "errorCode": "unauthorized"}
        if method == "POST" and path == f"/api/41/job/{UUID}/run":
            body = json.loads(raw)
            assert all(isinstance(value, str) for value in body["options"].values())
            self.started.append(body["options"])
            return 200, {"id": 301, "status": "running", "executionType": "user"}
        if method == "GET" and path == "/api/41/execution/301":
            return 200, {"id": 301, "status": self.word()}
        return 404, {"error": True, "errorCode": "api.error.item.doesnotexist"}


class StackStormServer(Documented):
    def answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        if headers.get("st2-api-key") != TOKEN:
            return 401, {"faultstring": "Unauthorized - Invalid API key."}
        if method == "POST" and path == "/api/v1/executions":
            body = json.loads(raw)
            assert set(body) == {"action", "parameters"}
            self.started.append(body)
            return 201, {"id": "5770d0300a84b42cd28d3b0d", "status": "requested"}
        if method == "GET" and path == "/api/v1/executions/5770d0300a84b42cd28d3b0d":
            return 200, {"id": "5770d0300a84b42cd28d3b0d", "status": self.word()}
        return 404, {"faultstring": "Not Found"}


class ArgoServer(Documented):
    def answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        if not bearer(headers):
            return 401, {"code": 16, "message": "token not valid"}
        if method == "POST" and path == "/api/v1/workflows/argo":
            body = json.loads(raw)
            assert set(body) == {"namespace", "serverDryRun", "workflow"}
            workflow = body["workflow"]
            if workflow["spec"]["workflowTemplateRef"]["name"] != "fail-over":
                return 404, {"code": 5, "message": 'workflowtemplates.argoproj.io "x" not found'}
            self.started.append((body["serverDryRun"], workflow["spec"]["arguments"]["parameters"]))
            return 200, {"metadata": {"name": "fail-over-x7k2p", "namespace": "argo"}, "status": {}}
        if method == "GET" and path == "/api/v1/workflows/argo/fail-over-x7k2p":
            phase = self.word()
            return 200, {"metadata": {"name": "fail-over-x7k2p"}, "status": {"phase": phase} if phase else {}}
        return 404, {"code": 5, "message": "not found"}


class SsmServer(Documented):
    COMMAND = "11111111-2222-4333-8444-555555555555"

    def answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        if method != "POST" or path != "/" or not self._is_signed(headers, raw):
            return 400, {"__type": "InvalidSignatureException"}
        body = json.loads(raw)
        if headers["x-amz-target"] == "AmazonSSM.SendCommand":
            assert all(isinstance(one, str) for values in body["Parameters"].values() for one in values)
            self.started.append(body)
            return 200, {"Command": {"CommandId": self.COMMAND, "Status": "Pending"}}
        assert headers["x-amz-target"] == "AmazonSSM.GetCommandInvocation"
        assert body == {"CommandId": self.COMMAND, "InstanceId": "i-0123456789abcdef0"}
        word = self.word()
        if not word:
            return 400, {"__type": "com.amazonaws.ssm#InvocationDoesNotExist"}
        return 200, {"CommandId": self.COMMAND, "Status": word}

    def _is_signed(self, headers: dict[str, str], raw: bytes) -> bool:
        found = re.search(r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$", headers.get("authorization", ""))
        if found is None:
            return False
        given = {name: headers[name] for name in found[1].split(";") if name not in ("host", "x-amz-date")}
        assert {"content-type", "x-amz-target"} <= set(given)
        at = _seconds(headers["x-amz-date"])
        again = AwsSigner(KEYS, "eu-west-1", "ssm").headers("POST", f"http://{headers['host']}/", given, raw, at)
        return again["authorization"] == headers["authorization"]


def _seconds(stamp: str) -> float:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


@contextmanager
def serving(system: Documented) -> Iterator[Documented]:
    """Serve a system on a free port of this host."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = system.answer(self.command, self.path, headers, raw)
            answer = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = _serve  # noqa: N815 - the names of http.server

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    system.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield system
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)
