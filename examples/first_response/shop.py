"""The shop of the example: a stand-in cluster with bad rollouts, its monitoring, and a pager.

The cluster is `aiops.testing.kubernetes_server`: it answers as an API server does, checks each request against the
published OpenAPI schema, and permits what the roles of `deploy/kubernetes-rbac.yaml` permit. Its monitoring answers
three metrics from the state of the cluster, and sends an alert once a deployment is unavailable, or is available again.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiops.http.client import HttpClient, HttpFailure
from aiops.testing.kubernetes_controllers import Controllers
from aiops.testing.kubernetes_rights import rules_of_roles
from aiops.testing.kubernetes_server import OpenApiServer, serving
from aiops.testing.receiver import Receiver, receiving

NAMESPACE = "shop"
DEPLOYMENTS = (
    "orders", "cart", "search", "catalog", "reviews", "payments", "shipping", "stock",
    "mail", "coupons", "returns", "checkout", "gifts",
)  # fmt: skip
GOOD, BAD = "shop/{}:1.4.1", "shop/{}:1.5.0"
# The service account's token, and its roles of the manifest.
CLUSTER_TOKEN = "token-of-the-service-account"  # noqa: S105
MANIFEST = Path(__file__).parents[2] / "deploy" / "kubernetes-rbac.yaml"
ROLES = ("aiops-respond", "aiops-read")
EVERY_S = 0.05
Json = dict[str, Any]


class Shop:
    """The cluster with its monitoring and its pager; `alert_to` is the daemon that gets the alerts."""

    def __init__(self, api: OpenApiServer, pager: Receiver) -> None:
        self.api, self.pager = api, pager
        self.controllers = Controllers(api.cluster)
        self.prometheus_url = ""
        # Deployments whose rollouts do not finish.
        self.stalled: set[str] = set()
        # The age of a deployment's newest revision, where it is not what happened here.
        self.ages: dict[str, float] = {}
        # Labels of alerts that are added or, for None, left out.
        self.labels: dict[str, str | None] = {}
        self.alert_to: Callable[[Json], bool] = lambda record: False
        self._changed: dict[str, float] = {}
        self._known: dict[str, bool] = {}
        self._ended = threading.Event()
        api.rules[CLUSTER_TOKEN] = rules_of_roles(MANIFEST, *ROLES)
        for name in DEPLOYMENTS:
            api.cluster.create("deployments", deployment(name))
            self.controllers.crashing.add(BAD.format(name))
        self.controllers.settle(NAMESPACE)

    def roll_out(self, name: str, image: str) -> None:
        """Roll out an image, as a person would with `kubectl set image`; containers of `BAD` crash on start."""
        with self.api.cluster.lock:
            one = self.api.cluster.get("deployments", NAMESPACE, name)
            one["spec"]["template"]["spec"]["containers"][0]["image"] = image.format(name)
            self.api.cluster.replace("deployments", one)
            self._changed[name] = time.time()

    def image(self, name: str) -> str:
        """Return the image that a deployment should run."""
        template = self.api.cluster.get("deployments", NAMESPACE, name)["spec"]["template"]
        return str(template["spec"]["containers"][0]["image"])

    def is_available(self, name: str) -> bool:
        """Return True if no wanted replica of a deployment is missing."""
        return not self.api.cluster.get("deployments", NAMESPACE, name)["status"].get("unavailableReplicas")

    def writes(self) -> list[str]:
        """Return the requests that the cluster received which change something, without dry runs."""
        return [f"{method} {path}" for method, path in list(self.api.sent) if method != "GET" and "dryRun" not in path]

    def work(self) -> None:
        """Let controllers work and monitoring look, until the end."""
        seen, down = -1, dict.fromkeys(DEPLOYMENTS, False)
        while not self._ended.wait(EVERY_S):
            if seen != self.api.cluster.changes:
                seen = self.api.cluster.changes
                self.controllers.settle(NAMESPACE, self.stalled)
                down = {name: not self.is_available(name) for name in DEPLOYMENTS}
            for name, is_down in down.items():
                if is_down != self._known.get(name, False) and self.alert_to(self._alert(name, is_down)):
                    self._known[name] = is_down

    def end(self) -> None:
        """Stop working."""
        self._ended.set()

    def query(self, text: str) -> list[Json]:
        """Return the rows of an instant query: three metrics, by the name that the query has."""
        rows = []
        for name in DEPLOYMENTS:
            one = self.api.cluster.get("deployments", NAMESPACE, name)
            if "kube_replicaset_created" in text:
                changed = self._changed.get(name, time.time() - 86_400.0)
                labels, value = {"owner_name": name}, self.ages.get(name, time.time() - changed)
            elif "kube_deployment_status_replicas_unavailable" in text:
                labels, value = {"deployment": name}, float(one["status"].get("unavailableReplicas", 0))
            else:
                return []
            metric = {"namespace": NAMESPACE, **labels}
            rows.append({"metric": metric, "value": [time.time(), f"{value:g}"]})
        return rows

    def _alert(self, name: str, is_down: bool) -> Json:
        now = time.time()
        labels = {"namespace": NAMESPACE, "deployment": name, "env": "prod"} | self.labels
        return {
            "kind": "alert",
            "id": f"{name}-{now:.3f}",
            "ts": now,
            "name": "KubePodCrashLooping",
            "entity": name,
            "status": "firing" if is_down else "resolved",
            "severity": "critical",
            "message": f"Pods of {NAMESPACE}/{name} crash on start",
            "labels": {key: value for key, value in labels.items() if value is not None},
        }


def sender(url: str, token: str) -> Callable[[Json], bool]:
    """Return what posts an alert to a daemon; False where it is not accepted, and is tried again."""
    client = HttpClient(allow_private=True)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/x-ndjson"}

    def post(record: Json) -> bool:
        try:
            answer = client.send("POST", f"{url}/ingest/archive", body=json.dumps(record).encode(), headers=headers)
        except HttpFailure:
            return False
        return answer.status == 200

    return post


def deployment(name: str) -> Json:
    """Return a deployment of two replicas."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": GOOD.format(name)}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }


@contextmanager
def open_shop() -> Iterator[Shop]:
    """Open a shop on free ports of this host."""
    with ExitStack() as opened:
        shop = Shop(opened.enter_context(serving(OpenApiServer)), opened.enter_context(receiving()))
        shop.prometheus_url = opened.enter_context(_metrics(shop))
        worker = threading.Thread(target=shop.work, name="shop", daemon=True)
        worker.start()
        try:
            yield shop
        finally:
            shop.end()
            worker.join(10)


@contextmanager
def _metrics(shop: Shop) -> Iterator[str]:
    """Serve the metrics of a shop as Prometheus would."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query).get("query", [""])[0]
            data = {"resultType": "vector", "result": shop.query(asked)}
            body = json.dumps({"status": "success", "data": data}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            """Break the rollout of a deployment: `POST /break/NAME`."""
            name = self.path.removeprefix("/break/")
            if known := name in DEPLOYMENTS:
                shop.roll_out(name, BAD)
            self.send_response(204 if known else 404)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the transcript clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
