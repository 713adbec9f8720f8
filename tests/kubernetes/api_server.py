"""A real API server for the session: etcd, kube-apiserver and kube-controller-manager, started here.

They are found in the directory `AIOPS_TEST_KUBE`, on the PATH or in `/opt/kube-test` (see `make_api_server.sh`). There
is no kubelet: pods become ready when `settle` sets their status as a kubelet would.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from aiops.http.client import HttpClient, HttpFailure
from tests.kubernetes.site import ANSWER_BYTES, Json, manifest
from tests.waiting import eventually

VARIABLE = "AIOPS_TEST_KUBE"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager")
ADMIN = "token-of-the-administrator"
PLACES = {
    "deployments": "apis/apps/v1",
    "statefulsets": "apis/apps/v1",
    "daemonsets": "apis/apps/v1",
    "replicasets": "apis/apps/v1",
    "horizontalpodautoscalers": "apis/autoscaling/v2",
    "poddisruptionbudgets": "apis/policy/v1",
    "rolebindings": "apis/rbac.authorization.k8s.io/v1",
    "clusterroles": "apis/rbac.authorization.k8s.io/v1",
    "clusterrolebindings": "apis/rbac.authorization.k8s.io/v1",
}


class Unavailable(Exception):
    """Raised where the programs are not installed."""


def programs() -> dict[str, str]:
    """The programs by name; raise `Unavailable` with those that are missing."""
    where = os.pathsep.join([os.environ.get(VARIABLE, ""), os.environ.get("PATH", ""), "/opt/kube-test"])
    found = {name: shutil.which(name, path=where) for name in PROGRAMS}
    if missing := [name for name, path in found.items() if path is None]:
        raise Unavailable(f"not installed: {', '.join(missing)} (tests/kubernetes/make_api_server.sh)")
    return {name: str(path) for name, path in found.items()}


@contextmanager
def real_site(directory: Path) -> Iterator[RealSite]:
    """A cluster without nodes; ended and thrown away afterwards."""
    found = programs()
    with ExitStack() as stack:
        ports = [_free_port() for _ in range(4)]
        etcd = f"http://127.0.0.1:{ports[0]}"
        peers = f"http://127.0.0.1:{ports[1]}"
        # Nothing here outlives the session: etcd need not wait for the disk.
        _start(stack, directory, found["etcd"], f"--data-dir={directory / 'etcd'}", "--unsafe-no-fsync",
               f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}", f"--listen-peer-urls={peers}",
               f"--initial-advertise-peer-urls={peers}", f"--initial-cluster=default={peers}")  # fmt: skip
        site = RealSite(f"https://127.0.0.1:{ports[2]}", directory)
        _start(stack, directory, found["kube-apiserver"], *_server_flags(directory, etcd, ports[2]))
        eventually(site.is_ready, or_say=lambda: (directory / "kube-apiserver.log").read_text()[-2000:])
        stack.callback(site.close)
        _start(stack, directory, found["kube-controller-manager"], *_manager_flags(directory, site, ports[3]))
        site.prepare()
        yield site


class RealSite:
    """A running cluster."""

    is_real = True

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self._directory = directory
        # The API server makes a certificate for itself and its authority.
        self._certificate = directory / "certificates" / "apiserver.crt"
        self.ca_file: str | None = str(self._certificate)
        self._token = ""

    def is_ready(self) -> bool:
        """Whether the API server takes requests."""
        if not self._certificate.exists():
            return False
        try:
            headers = {"authorization": f"Bearer {ADMIN}"}
            return self.client.send("GET", f"{self.url}/readyz", headers=headers, timeout_s=5).status == 200
        except HttpFailure:
            return False

    def prepare(self) -> None:
        """Create what the shipped manifest has, and a token of its service account."""
        for one in manifest():
            self.create(f"{one['kind'].lower()}s", one)
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600},
        }
        made = self.call("POST", "api/v1/namespaces/aiops/serviceaccounts/aiops/token", request)
        self._token = made["status"]["token"]

    def close(self) -> None:
        self.client.close()

    @cached_property
    def client(self) -> HttpClient:
        """A client that trusts the cluster, once it has made its certificate."""
        return HttpClient(allow_private=True, ca_file=self.ca_file)

    def namespace(self) -> str:
        name = f"ns-{uuid.uuid4().hex[:8]}"
        self.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.bind("aiops-respond", name)
        # The API server learns of a binding by a watch of its own.
        look = f"{self.url}/{_path('deployments', name, 'missing')}"
        headers = {"authorization": f"Bearer {self._token}"}
        eventually(lambda: self.client.send("GET", look, headers=headers, timeout_s=60).status == 404)
        return name

    def bind(self, role: str, namespace: str) -> None:
        """Give the service account the rights of a role in a namespace."""
        binding: Json = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                         "metadata": {"name": role, "namespace": namespace}}  # fmt: skip
        binding["subjects"] = [{"kind": "ServiceAccount", "name": "aiops", "namespace": "aiops"}]
        binding["roleRef"] = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
        self.create("rolebindings", binding)

    def token(self) -> str:
        return self._token

    def create(self, plural: str, made: Json) -> Json:
        return self.call("POST", _path(plural, made["metadata"].get("namespace", "")), made)

    def get(self, plural: str, namespace: str, name: str) -> Json:
        return self.call("GET", _path(plural, namespace, name))

    def change(self, plural: str, namespace: str, name: str, edit: Callable[[Json], None]) -> Json:
        while True:
            found = self.get(plural, namespace, name)
            edit(found)
            status, answer = self.answer("PUT", _path(plural, namespace, name), found)
            # A controller was faster.
            if status != 409:
                assert status == 200, answer
                return answer

    def delete(self, plural: str, namespace: str, name: str) -> None:
        self.call("DELETE", _path(plural, namespace, name), {"gracePeriodSeconds": 0})

    def pods(self, namespace: str) -> list[Json]:
        return list(self.call("GET", _path("pods", namespace))["items"] or [])

    def protect(self, namespace: str, name: str) -> None:
        spec = {"minAvailable": "100%", "selector": {"matchLabels": {"app": name}}}
        meta = {"name": name, "namespace": namespace}
        budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec}
        self.create("poddisruptionbudgets", budget)
        path = _path("poddisruptionbudgets", namespace, name)
        eventually(lambda: self.call("GET", path).get("status", {}).get("observedGeneration") == 1)

    def stall(self, namespace: str, name: str) -> None:
        def late() -> bool:
            conditions = self.get("deployments", namespace, name)["status"].get("conditions", ())
            return any(one.get("reason") == "ProgressDeadlineExceeded" for one in conditions)

        eventually(late)

    def settle(self, namespace: str) -> None:
        def done() -> bool:
            for pod in self.pods(namespace):
                if pod.get("status", {}).get("phase") != "Running":
                    self._run(pod)
            return all(
                _is_complete(one)
                for plural in ("deployments", "statefulsets", "daemonsets")
                for one in self.call("GET", _path(plural, namespace))["items"] or []
            )

        eventually(done, or_say=lambda: [pod["status"] for pod in self.pods(namespace)])

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """Send a request as the administrator; fail unless it is accepted."""
        status, answer = self.answer(method, path, body)
        assert status in (200, 201, 202), (method, path, status, answer)
        return answer

    def answer(self, method: str, path: str, body: Json | None = None, **headers: str) -> tuple[int, Json]:
        """Send a request as the administrator."""
        given = {"authorization": f"Bearer {ADMIN}", "content-type": "application/json"} | headers
        raw = b"" if body is None else json.dumps(body).encode()
        reply = self.client.send(
            method, f"{self.url}/{path}", body=raw, headers=given, timeout_s=60, answer_bytes=ANSWER_BYTES
        )
        return reply.status, json.loads(reply.body)

    def _run(self, pod: Json) -> None:
        """Set what a kubelet sets."""
        meta = pod["metadata"]
        status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        path = f"{_path('pods', meta['namespace'], meta['name'])}/status"
        patch = {"content-type": "application/merge-patch+json"}
        code, answer = self.answer("PATCH", path, {"status": status}, **patch)
        assert code in (200, 404), answer


def _is_complete(one: Json) -> bool:
    status, spec = one.get("status", {}), one["spec"]
    if status.get("observedGeneration", 0) < one["metadata"]["generation"]:
        return False
    if "replicas" not in spec:
        wanted = status.get("desiredNumberScheduled", 0)
        return all(status.get(name, 0) == wanted for name in ("updatedNumberScheduled", "numberAvailable"))
    names = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    return all(status.get(name, 0) == spec["replicas"] for name in names)


def _path(plural: str, namespace: str = "", name: str = "") -> str:
    parts = [PLACES.get(plural, "api/v1"), *(["namespaces", namespace] if namespace else []), plural, name]
    return "/".join(part for part in parts if part)


def _server_flags(directory: Path, etcd: str, port: int) -> list[str]:
    tokens, key = directory / "tokens.csv", directory / "service-accounts.key"
    tokens.write_text(f"{ADMIN},administrator,1,system:masters\n", encoding="utf-8")
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    return [
        f"--etcd-servers={etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={directory / 'certificates'}",
        f"--token-auth-file={tokens}",
        "--authorization-mode=RBAC",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--endpoint-reconciler-type=none",
        # Pods need no token: nothing runs in them.
        "--disable-admission-plugins=ServiceAccount",
    ]


def _manager_flags(directory: Path, site: RealSite, port: int) -> list[str]:
    config = directory / "kubeconfig"
    cluster = {"server": site.url, "certificate-authority": site.ca_file}
    config.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "it",
        "clusters": [{"name": "it", "cluster": cluster}], "users": [{"name": "it", "user": {"token": ADMIN}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
    }), encoding="utf-8")  # fmt: skip
    names = ("deployment", "replicaset", "statefulset", "daemonset", "disruption")
    return [
        f"--kubeconfig={config}",
        f"--controllers={','.join(f'{name}-controller' for name in names)}",
        "--leader-elect=false",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        f"--cert-dir={directory / 'manager'}",
    ]


def _start(stack: ExitStack, directory: Path, program: str, *flags: str) -> None:
    log = stack.enter_context((directory / f"{Path(program).name}.log").open("wb"))
    process = subprocess.Popen([program, *flags], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=directory)
    stack.callback(_stop, process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        # Its data is thrown away: shutting down in order would only take time.
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
