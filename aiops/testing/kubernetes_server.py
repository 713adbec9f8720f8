"""A stand-in for a Kubernetes API server, which accepts only what the published OpenAPI schema has.

It authenticates by bearer token, authorises by the rules of the manifest that is shipped, and keeps objects in a
`MemoryCluster`. A request that is outside the schema is kept in `faults` as well: the code under test must send none.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from msgspec import Struct, field

from aiops.testing.kubernetes_cluster import STORED, Json, MemoryCluster, merged, patched
from aiops.testing.kubernetes_openapi import JSON_PATCH, Fault, Sent, checked, definition, problems
from aiops.testing.kubernetes_rights import Rule

# An answer in place of the server's own: status, headers, body.
Answer = tuple[int, dict[str, str], bytes]
REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    422: "Invalid",
    429: "TooManyRequests",
}


class OpenApiServer(Struct):
    """A running server.

    `rules` are (group, resource, verb) by token. `script` may answer a request itself, and `before` is called when one
    has been accepted and is about to be carried out.
    """

    url: str
    cluster: MemoryCluster = field(default_factory=MemoryCluster)
    rules: dict[str, set[Rule]] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    script: Callable[[str, str], Answer | None] | None = None
    before: Callable[[Sent], None] | None = None

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer one request."""
        self.sent.append((method, target))
        if self.script is not None and (scripted := self.script(method, target)) is not None:
            return scripted
        try:
            request = checked(method, target, headers, body)
            self._authorise(headers.get("authorization", ""), request)
            if self.before is not None:
                self.before(request)
            with self.cluster.lock:
                return 200 if method != "POST" else 201, {}, _encoded(self._carried_out(request))
        except Fault as fault:
            if fault.status in (400, 404, 405, 406, 415) and "not found" not in str(fault):
                self.faults.append(f"{method} {target}: {fault}")
            return fault.status, {}, _encoded(_status(fault))

    def _authorise(self, authorization: str, request: Sent) -> None:
        rules = self.rules.get(authorization.removeprefix("Bearer "))
        if rules is None or not authorization.startswith("Bearer "):
            raise Fault(401, "Unauthorized")
        group, resource, listed = resource_of(request.template)
        verb = {"GET": "list" if listed else "get", "PATCH": "patch", "POST": "create"}[request.method]
        if (group, resource, verb) not in rules:
            raise Fault(403, f'cannot {verb} resource "{resource}" in API group "{group}"')

    def _carried_out(self, request: Sent) -> Json:
        _, resource, listed = resource_of(request.template)
        plural, _, sub = resource.partition("/")
        namespace, name = request.names.get("namespace", ""), request.names.get("name", "")
        dry = _is_dry(request)
        if listed:
            return self._listing(plural, namespace, request)
        if sub == "eviction":
            preconditions = request.body.get("deleteOptions", {}).get("preconditions", {})
            self.cluster.evict(namespace, name, preconditions, dry=dry)
            return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
        before = self.cluster.get(plural, namespace, name)
        if request.method == "GET":
            return before
        if sub == "scale":
            scale = _patch(request, _scale(before))
            if found := problems(scale, definition("io.k8s.api.autoscaling.v1.Scale")):
                raise Fault(422, "; ".join(found))
            before["spec"]["replicas"] = scale["spec"]["replicas"]
            before["metadata"]["uid"] = scale["metadata"]["uid"]
            return _scale(self.cluster.replace(plural, before, dry=dry))
        return self.cluster.replace(plural, _patch(request, before), dry=dry)

    def _listing(self, plural: str, namespace: str, request: Sent) -> Json:
        found = self.cluster.listed(plural, namespace) if plural in STORED else []
        selector = request.query.get("fieldSelector", "")
        if selector == "spec.unschedulable=true":
            found = [one for one in found if one["spec"].get("unschedulable")]
        for label in request.query.get("labelSelector", "").split(","):
            name, equals, value = label.partition("=")
            found = [one for one in found if _has_label(one, name, value if equals else None)] if label else found
        limit = int(request.query.get("limit", "0")) or len(found)
        meta: Json = {"resourceVersion": "100"}
        if len(found) > limit:
            meta["continue"] = "next"
            if not selector:
                meta["remainingItemCount"] = len(found) - limit
        kept = found[:limit]
        if "as=PartialObjectMetadataList" in request.accept:
            kept = [{"metadata": one["metadata"]} for one in kept]
        return {"kind": "List", "apiVersion": "v1", "metadata": meta, "items": kept}


@contextmanager
def serving(server: Callable[[str], OpenApiServer]) -> Iterator[OpenApiServer]:
    """A server on a free port of this host."""
    http = _Server(("127.0.0.1", 0), _Handler)
    made = server(f"http://127.0.0.1:{http.server_address[1]}")
    cast(Any, http).api = made
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        http.shutdown()
        http.server_close()
        thread.join(10)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep the output of tests clean: clients leave before a long answer is read."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        api: OpenApiServer = cast(Any, self.server).api
        status, more, content = api.answer(self.command, self.path, headers, body)
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(content)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PATCH = do_POST = do_DELETE = do_PUT = _reply  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the output of tests clean."""


def resource_of(template: str) -> tuple[str, str, bool]:
    """The group, the resource with its subresource, and whether it is a list."""
    parts = template.strip("/").split("/")
    group = parts[1] if parts[0] == "apis" else ""
    rest = [part for part in parts[3 if parts[0] == "apis" else 2 :] if part not in ("namespaces", "{namespace}")]
    names = [part for part in rest if not part.startswith("{")]
    return group, "/".join(names), "{name}" not in rest


def _has_label(one: Json, name: str, value: str | None) -> bool:
    labels = one["metadata"].get("labels", {})
    return name in labels if value is None else labels.get(name) == value


def _patch(request: Sent, target: Json) -> Json:
    if request.content_type == JSON_PATCH:
        return cast(Json, patched(target, request.body))
    return cast(Json, merged(target, request.body))


def _scale(workload: Json) -> Json:
    meta = {name: workload["metadata"][name] for name in ("name", "namespace", "uid", "resourceVersion")}
    replicas = workload["spec"]["replicas"]
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": {"replicas": replicas},
            "status": {"replicas": replicas}}  # fmt: skip


def _is_dry(request: Sent) -> bool:
    value = request.query.get("dryRun", "")
    if value not in ("", "All"):
        raise Fault(422, f"dryRun: Unsupported value: {value!r}")
    return value == "All"


def _status(fault: Fault) -> Json:
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": str(fault),
            "reason": REASONS.get(fault.status, "BadRequest"), "code": fault.status}  # fmt: skip


def _encoded(value: Json) -> bytes:
    return json.dumps(value).encode()
