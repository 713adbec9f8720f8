"""A cluster as the tests use it, real or in memory: objects by an administrator, requests by the service account."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import yaml

from aiops.http.client import HttpClient
from aiops.respond.transport import MAX_ANSWER_BYTES
from tests.kubernetes.memory_cluster import REVISION, MemoryCluster
from tests.kubernetes.openapi_server import OpenApiServer

Json = dict[str, Any]
# As much as the daemon reads.
ANSWER_BYTES = MAX_ANSWER_BYTES
MANIFEST = Path(__file__).parents[2] / "deploy" / "kubernetes-rbac.yaml"


class Site(Protocol):
    """What both clusters can do."""

    is_real: bool
    url: str
    ca_file: str | None

    @property
    def client(self) -> HttpClient:
        """A client that trusts the API server."""
        ...

    def namespace(self) -> str:
        """A new namespace in which the service account may act."""
        ...

    def bind(self, role: str, namespace: str) -> None:
        """Give the service account the rights of a role in a namespace."""
        ...

    def token(self) -> str:
        """The current token of the service account."""
        ...

    def create(self, plural: str, made: Json) -> Json:
        """Create an object."""
        ...

    def get(self, plural: str, namespace: str, name: str) -> Json:
        """Read an object."""
        ...

    def change(self, plural: str, namespace: str, name: str, edit: Callable[[Json], None]) -> Json:
        """Change an object as another person would."""
        ...

    def delete(self, plural: str, namespace: str, name: str) -> None:
        """Delete an object."""
        ...

    def settle(self, namespace: str) -> None:
        """Let controllers work until all rollouts are complete; each new pod becomes ready."""
        ...

    def pods(self, namespace: str) -> list[Json]:
        """The pods of a namespace."""
        ...

    def protect(self, namespace: str, name: str) -> None:
        """Let a disruption budget protect all pods of a workload."""
        ...

    def stall(self, namespace: str, name: str) -> None:
        """Let the rollout of a Deployment exceed its progress deadline: no new pod becomes ready."""
        ...


def manifest() -> list[Json]:
    """The objects of the manifest that is shipped."""
    return list(yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8")))


def rules_of_manifest(*names: str) -> set[tuple[str, str, str]]:
    """(Group, resource, verb) of roles of the manifest."""
    roles = [one for one in manifest() if one["kind"] == "ClusterRole" and one["metadata"]["name"] in names]
    rules = [rule for one in roles for rule in one["rules"]]
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


class MemorySite:
    """A cluster in memory behind an `OpenApiServer`, with controllers that work when they are called."""

    is_real = False
    ca_file: str | None = None

    def __init__(self, server: OpenApiServer) -> None:
        self.server = server
        self.client = HttpClient(allow_private=True)
        self.url = server.url
        self.cluster: MemoryCluster = server.cluster
        server.rules["token-of-aiops"] = rules_of_manifest("aiops-respond", "aiops-respond-nodes")

    def namespace(self) -> str:
        return f"ns-{uuid.uuid4().hex[:8]}"

    def bind(self, role: str, namespace: str) -> None:
        self.server.rules["token-of-aiops"] |= rules_of_manifest(role)

    def token(self) -> str:
        return "token-of-aiops"

    def create(self, plural: str, made: Json) -> Json:
        return self.cluster.create(plural, made)

    def get(self, plural: str, namespace: str, name: str) -> Json:
        return self.cluster.get(plural, namespace, name)

    def change(self, plural: str, namespace: str, name: str, edit: Callable[[Json], None]) -> Json:
        found = self.cluster.get(plural, namespace, name)
        edit(found)
        return self.cluster.replace(plural, found)

    def delete(self, plural: str, namespace: str, name: str) -> None:
        self.cluster.delete(plural, namespace, name)

    def pods(self, namespace: str) -> list[Json]:
        return self.cluster.listed("pods", namespace)

    def protect(self, namespace: str, name: str) -> None:
        self.cluster.protected |= {one["metadata"]["name"] for one in self.pods(namespace)}

    def stall(self, namespace: str, name: str) -> None:
        one = self.get("deployments", namespace, name)
        self._replica_set(one)
        late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
        one["status"] |= {"observedGeneration": one["metadata"]["generation"], "conditions": [late]}
        one["metadata"]["annotations"][REVISION] = str(int(one["metadata"]["annotations"][REVISION]) + 1)
        self.cluster.update_status("deployments", one)

    def settle(self, namespace: str) -> None:
        for plural in ("deployments", "statefulsets", "daemonsets"):
            for one in self.cluster.listed(plural, namespace):
                self._settle(plural, one)

    def _settle(self, plural: str, one: Json) -> None:
        meta, spec = one["metadata"], one["spec"]
        owner, count = one, spec.get("replicas", len(self.cluster.listed("nodes", "")))
        if plural == "deployments":
            owner = self._replica_set(one)
            meta.setdefault("annotations", {})[REVISION] = owner["metadata"]["annotations"][REVISION]
        self._pods(owner, count)
        status: Json = {"observedGeneration": meta["generation"]}
        if plural == "daemonsets":
            status |= {"currentNumberScheduled": count, "numberMisscheduled": 0, "desiredNumberScheduled": count,
                       "numberReady": count, "updatedNumberScheduled": count, "numberAvailable": count}  # fmt: skip
        else:
            names = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
            status |= dict.fromkeys(names, count)
        one["status"] = status
        self.cluster.update_status(plural, one)

    def _replica_set(self, deployment: Json) -> Json:
        """The ReplicaSet of the Deployment's template, made or numbered anew as the newest."""
        meta = deployment["metadata"]
        own = [
            one for one in self.cluster.listed("replicasets", meta["namespace"])
            if one["metadata"]["ownerReferences"][0]["uid"] == meta["uid"]
        ]  # fmt: skip
        newest = max((int(one["metadata"]["annotations"][REVISION]) for one in own), default=0)
        for one in own:
            plain = copy.deepcopy(one["spec"]["template"])
            plain["metadata"]["labels"].pop("pod-template-hash")
            if plain == deployment["spec"]["template"]:
                if int(one["metadata"]["annotations"][REVISION]) < newest:
                    one["metadata"]["annotations"][REVISION] = str(newest + 1)
                    self.cluster.update_status("replicasets", one)
                return one
        template, mark = copy.deepcopy(deployment["spec"]["template"]), uuid.uuid4().hex[:10]
        template["metadata"]["labels"]["pod-template-hash"] = mark
        return self.cluster.create("replicasets", {
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": f"{meta['name']}-{mark}", "namespace": meta["namespace"],
                         "labels": template["metadata"]["labels"],
                         "annotations": {REVISION: str(newest + 1)}, "ownerReferences": [owner_of(deployment)]},
            "spec": {"selector": {"matchLabels": template["metadata"]["labels"]}, "template": template},
        })  # fmt: skip

    def _pods(self, owner: Json, count: int) -> None:
        meta = owner["metadata"]
        own = {one["metadata"]["name"] for one in self.pods(meta["namespace"]) if owned_by(one, meta["uid"])}
        stateful = owner["kind"] == "StatefulSet"
        new = [f"{meta['name']}-{number if stateful else uuid.uuid4().hex[:5]}" for number in range(count)]
        for name in [name for name in new if name not in own][: count - len(own)]:
            template = owner["spec"]["template"]
            made = {"name": name, "namespace": meta["namespace"], "labels": template["metadata"]["labels"]}
            self.cluster.create("pods", {"apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
                                         "metadata": made | {"ownerReferences": [owner_of(owner)]}})  # fmt: skip


def owner_of(one: Json, *, kind: str = "") -> Json:
    """The reference by which an object is the controller of others."""
    meta = one["metadata"]
    return {"apiVersion": one["apiVersion"], "kind": kind or one["kind"], "name": meta["name"], "uid": meta["uid"],
            "controller": True, "blockOwnerDeletion": True}  # fmt: skip


def owned_by(one: Json, uid: str) -> bool:
    """Whether an object belongs to the one with this uid."""
    return any(owner["uid"] == uid for owner in one["metadata"].get("ownerReferences", ()))
