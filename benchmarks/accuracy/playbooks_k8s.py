"""Measure suggestions for injected Kubernetes faults against the playbook that an expert would open.

The data name a cause class, not a playbook; the table says by which playbooks each class is mended. It was written
from the names of the classes alone; playbooks and weights were adjusted while looking at this set: a floor for
regressions, not as a measure of unseen systems.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiops_models.causes import CauseRanker
from aiops_models.playbooks import PlaybookSuggester

from aiops.ports import IncidentView
from aiops.records import Cause
from benchmarks.accuracy.causes_data import Case, System

_TABLE = """
pod-unschedulable: node_selector_mismatch taint_toleration_mismatch node_affinity_mismatch cpu_capacity_mismatch
pod-unschedulable: memory_capacity_mismatch node_cordon_mismatch pod_anti_affinity_conflict kube_scheduler_unavailable
image-pull-failure: incorrect_image_reference missing_image_pull_secret image_registry_dns_failure
service-no-endpoints: service_selector_mismatch service_port_mapping_mismatch service_protocol_mismatch
service-no-endpoints: service_env_var_address_mismatch kube_proxy_unavailable
workload-create-refused: missing_service_account
resource-quota-exceeded: namespace_memory_quota_exceeded namespace_pod_quota_exceeded namespace_cpu_quota_exceeded
resource-quota-exceeded: namespace_service_quota_exceeded namespace_storage_quota_exceeded
kube-apiserver-degraded: kube_scheduler_unavailable
node-not-ready: kubelet_unavailable containerd_unavailable
container-runtime-failing: containerd_unavailable
host-cpu-saturated: pod_cpu_overload
service-latency-high: pod_cpu_overload pod_network_delay node_network_delay
network-packet-loss: pod_network_delay node_network_delay node_network_packet_loss
pod-oom-killed: oom_killed
probe-failing: liveness_probe_incorrect_protocol liveness_probe_incorrect_port readiness_probe_incorrect_protocol
probe-failing: readiness_probe_incorrect_port liveness_probe_incorrect_timing
pod-crash-loop: liveness_probe_incorrect_timing liveness_probe_incorrect_port liveness_probe_incorrect_protocol
pod-crash-loop: oom_killed volume_mount_permission_denied
volume-claim-pending: pv_binding_occupied pvc_access_mode_mismatch pvc_selector_mismatch pvc_storage_class_mismatch
volume-claim-pending: pvc_capacity_mismatch volume_mount_permission_denied namespace_storage_quota_exceeded
dns-resolution-failing: image_registry_dns_failure
"""


def right() -> dict[str, set[str]]:
    """Cause class → playbooks that mend it."""
    made: dict[str, set[str]] = {}
    for line in _TABLE.strip().splitlines():
        playbook, classes = line.split(":")
        for name in classes.split():
            made.setdefault(name, set()).add(playbook)
    return made


def no_cause(case: Case) -> list[Cause]:
    """Nothing is known of the cause."""
    return []


def true_cause(case: Case) -> list[Cause]:
    """The right cause, as an upper bound."""
    # The labels say `app/cart` where the topology says `cart`.
    return [Cause(case.root.entity.removeprefix("app/"), confidence="high")]


def ranker(system: System) -> Callable[[Case], list[Cause]]:
    """The cause ranker with unlabelled history, in time order."""
    made = CauseRanker(system.topology)

    def rank(case: Case) -> list[Cause]:
        causes = made.rank(case.view)
        made.learn(case.view, None)
        return causes

    return rank


def suggested(system: System, causes: Callable[[Case], list[Cause]]) -> list[list[str]]:
    """Names of the suggestions for each case, in time order, each case seen once."""
    suggester = PlaybookSuggester(system.topology)
    found = []
    for case in system.cases:
        view = IncidentView(
            case.view.id,
            case.view.opened_at,
            case.view.facts,
            case.view.changes,
            max((fact.severity for fact in case.view.facts), default=2),
            causes(case),
        )
        found.append([suggestion.name for suggestion in suggester.suggest(view)])
    return found


def shares(found: Sequence[Sequence[str]], cases: Sequence[Case]) -> tuple[float, float]:
    """Recall among the first and the first five; a case without alerts stays in the denominator."""
    wanted = right()
    hits = [
        [name in wanted.get(case.cause_class or "", ()) for name in names]
        for names, case in zip(found, cases, strict=True)
    ]
    return sum(any(hit[:1]) for hit in hits) / len(cases), sum(any(hit[:5]) for hit in hits) / len(cases)
