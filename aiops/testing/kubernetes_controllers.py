"""Controllers of a cluster in memory: they make replica sets, pods and status once they are called."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Collection

from aiops.testing.kubernetes_cluster import REVISION, Json, MemoryCluster

_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


class Controllers:
    """The controllers of one cluster. Pods become ready, but for those of an image in `crashing`."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self.cluster = cluster
        self.crashing: set[str] = set()

    def settle(self, namespace: str, but: Collection[str] = ()) -> None:
        """Work until all rollouts are complete, or wait for pods that crash.

        Workloads named in `but` stay as they are.
        """
        with self.cluster.lock:
            for plural in ("deployments", "statefulsets", "daemonsets"):
                for one in self.cluster.listed(plural, namespace):
                    if one["metadata"]["name"] not in but:
                        self._settle(plural, one)

    def stall(self, namespace: str, name: str) -> None:
        """Let the rollout of a Deployment exceed its progress deadline: no new pod becomes ready."""
        one = self.cluster.get("deployments", namespace, name)
        self._replica_set(one)
        late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
        one["status"] |= {"observedGeneration": one["metadata"]["generation"], "conditions": [late]}
        one["metadata"]["annotations"][REVISION] = str(int(one["metadata"]["annotations"][REVISION]) + 1)
        self.cluster.update_status("deployments", one)

    def _settle(self, plural: str, one: Json) -> None:
        before, meta, spec = copy.deepcopy(one), one["metadata"], one["spec"]
        owner, count = one, spec.get("replicas", len(self.cluster.listed("nodes", "")))
        if plural == "deployments":
            owner = self._replica_set(one)
            meta.setdefault("annotations", {})[REVISION] = owner["metadata"]["annotations"][REVISION]
        crashes = spec["template"]["spec"]["containers"][0]["image"] in self.crashing
        self._pods(one, owner, count, crashes)
        status: Json = {"observedGeneration": meta["generation"]}
        if plural == "daemonsets":
            status |= {"currentNumberScheduled": count, "numberMisscheduled": 0, "desiredNumberScheduled": count,
                       "numberReady": count, "updatedNumberScheduled": count, "numberAvailable": count}  # fmt: skip
        elif crashes:
            status |= {"replicas": count, "updatedReplicas": count, "unavailableReplicas": count}
            short = {"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable"}
            status["conditions"] = [short]
        else:
            status |= dict.fromkeys(_COUNTS, count)
        one["status"] = status
        if one != before:
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

    def _pods(self, workload: Json, owner: Json, count: int, crashes: bool) -> None:
        meta = owner["metadata"]
        if self.crashing:
            self._delete_others(workload, owner)
        pods = self.cluster.listed("pods", meta["namespace"])
        own = {one["metadata"]["name"] for one in pods if owned_by(one, meta["uid"])}
        stateful = owner["kind"] == "StatefulSet"
        new = [f"{meta['name']}-{number if stateful else uuid.uuid4().hex[:5]}" for number in range(count)]
        for name in [name for name in new if name not in own][: count - len(own)]:
            template = owner["spec"]["template"]
            made = {"name": name, "namespace": meta["namespace"], "labels": template["metadata"]["labels"]}
            pod = {"apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
                   "metadata": made | {"ownerReferences": [owner_of(owner)]}}  # fmt: skip
            if self.crashing:
                pod["status"] = _status(template["spec"]["containers"][0], crashes)
            self.cluster.create("pods", pod)

    def _delete_others(self, workload: Json, owner: Json) -> None:
        """Delete the pods of the other replica sets of a Deployment."""
        sets = [one for one in self.cluster.listed("replicasets", workload["metadata"]["namespace"])
                if owned_by(one, workload["metadata"]["uid"])]  # fmt: skip
        others = {one["metadata"]["uid"] for one in sets} - {owner["metadata"]["uid"]}
        for pod in self.cluster.listed("pods", workload["metadata"]["namespace"]):
            if any(owned_by(pod, uid) for uid in others):
                self.cluster.delete("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])


def _status(container: Json, crashes: bool) -> Json:
    """The status of a pod whose container is ready, or crashes."""
    one: Json = {"name": container["name"], "image": container["image"], "imageID": "", "ready": not crashes}
    one["restartCount"] = 4 if crashes else 0
    if crashes:
        one["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}
        one["lastState"] = {"terminated": {"exitCode": 1, "reason": "Error"}}
    return {"phase": "Running", "containerStatuses": [one]}


def owner_of(one: Json, *, kind: str = "") -> Json:
    """The reference by which an object is the controller of others."""
    meta = one["metadata"]
    return {"apiVersion": one["apiVersion"], "kind": kind or one["kind"], "name": meta["name"], "uid": meta["uid"],
            "controller": True, "blockOwnerDeletion": True}  # fmt: skip


def owned_by(one: Json, uid: str) -> bool:
    """Return True if an object belongs to the one with this uid."""
    return any(owner["uid"] == uid for owner in one["metadata"].get("ownerReferences", ()))
