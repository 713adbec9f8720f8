"""The faults that are simulated: the broken entity, its symptoms, and the harm to its dependents."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

Harm = Literal["latency", "errors", "both"]
Where = Literal["root", "pods", "service", "services", "host"]


class Symptom(Struct, frozen=True):
    """One alert of a fault, `delay_s` seconds after its onset.

    It fires with the probability `chance` for each entity. `where` is one of: the broken entity; its pods (of a
    service, or on a host); the service of the broken entity; the services that have pods on the host; the host of the
    broken entity.
    """

    signal: str
    where: Where
    delay_s: float
    chance: float = 1.0


class Fault(Struct, frozen=True):
    """A kind of fault.

    `kind` is the kind of node that breaks and the level of the labelled cause. `change` is the change record that
    precedes a guilty one. `reach` is the probability (0 to 1) that a direct dependent suffers `harm`. `playbook` is the
    one of the shipped catalogue that a person would use, if there is one.
    """

    cause_class: str
    kind: str
    harm: Harm
    reach: float
    symptoms: tuple[Symptom, ...]
    change: str | None = None
    playbook: str | None = None


def _fault(
    cause_class: str,
    kind: str,
    harm: Harm,
    reach: float,
    symptoms: str,
    change: str | None = None,
    playbook: str | None = None,
) -> Fault:
    return Fault(cause_class, kind, harm, reach, tuple(map(_symptom, symptoms.split())), change, playbook)


def _symptom(text: str) -> Symptom:
    return msgspec.convert(dict(zip(Symptom.__struct_fields__, text.split(":"), strict=True)), Symptom, strict=False)


FAULTS: tuple[Fault, ...] = (
    _fault(
        "cpu saturation",
        "host",
        "latency",
        0.8,
        "NodeCPUHighUsage:root:0:1 NodeSystemSaturation:root:20:0.9 CPUThrottlingHigh:pods:15:0.8 "
        "HighRequestLatency:services:30:0.8",
        playbook="host-cpu-saturated",
    ),
    _fault(
        "memory leak",
        "service",
        "errors",
        0.85,
        "ContainerMemoryNearLimit:pods:0:1 KubeContainerOOMKilled:pods:60:0.9 KubePodCrashLooping:pods:90:0.9 "
        "KubeDeploymentReplicasMismatch:root:120:0.9 HTTPErrorRateHigh:root:70:0.9",
        playbook="pod-oom-killed",
    ),
    _fault(
        "disk full",
        "host",
        "both",
        0.7,
        "NodeFilesystemSpaceFillingUp:root:0:1 NodeFilesystemAlmostOutOfSpace:root:60:1 "
        "NodeDiskIOSaturation:root:50:0.6 KubeNodePressure:root:80:0.8 KubePodNotReady:pods:100:0.7 "
        "LogErrorsDetected:services:70:0.6 HTTPErrorRateHigh:services:110:0.6",
        playbook="host-disk-full",
    ),
    _fault(
        "network loss",
        "host",
        "both",
        0.8,
        "NodeHighPacketLoss:root:0:1 NodeNetworkReceiveErrs:root:5:0.8 NodeNetworkTransmitErrs:root:8:0.6 "
        "NodeTCPRetransmitsHigh:root:10:0.9 UpstreamRequestTimeout:pods:15:0.8 HighRequestLatency:services:25:0.8",
    ),
    _fault(
        "network latency",
        "service",
        "latency",
        0.9,
        "HighRequestLatency:root:0:1 UpstreamRequestTimeout:pods:10:0.9 BlackboxProbeSlow:root:30:0.7",
    ),
    _fault(
        "bad deploy",
        "service",
        "errors",
        0.9,
        "HTTPErrorRateHigh:root:0:1 KubePodCrashLooping:pods:20:0.8 LogErrorsDetected:root:10:0.9 "
        "KubeDeploymentRolloutStuck:root:120:0.7 KubePodNotReady:pods:30:0.6",
        "deploy",
        playbook="bad-deploy-rollback",
    ),
    _fault(
        "configuration error",
        "service",
        "errors",
        0.9,
        "ConfigReloadFailed:root:0:1 HTTPErrorRateHigh:root:10:1 LogErrorsDetected:pods:12:0.8 "
        "KubePodNotReady:pods:40:0.4",
        "config",
    ),
    _fault(
        "database locks",
        "database",
        "both",
        0.95,
        "PostgresqlTooManyLocksAcquired:root:0:1 PostgresqlSlowQueries:root:10:0.9 PostgresqlDeadLocks:root:20:0.8 "
        "PostgresqlTooManyConnections:root:45:0.8",
    ),
    _fault(
        "replication lag",
        "database",
        "latency",
        0.6,
        "PostgresqlReplicationLag:root:0:1 NodeDiskIOSaturation:host:10:0.7 PostgresqlSlowQueries:root:30:0.6",
        playbook="database-replication-lag",
    ),
    _fault(
        "volume full",
        "database",
        "errors",
        0.95,
        "KubePersistentVolumeFillingUp:root:0:1 LogErrorsDetected:root:15:0.8 PostgresqlTooManyConnections:root:40:0.7",
    ),
    _fault(
        "queue backlog",
        "queue",
        "latency",
        0.9,
        "RabbitmqQueueBacklog:root:0:1 RabbitmqMemoryAlarm:root:60:0.7",
    ),
    _fault(
        "cache eviction",
        "cache",
        "latency",
        0.9,
        "RedisMemoryHigh:root:0:1 RedisKeyEviction:root:10:1",
        playbook="redis-memory-full",
    ),
    _fault(
        "certificate expiry",
        "service",
        "errors",
        0.95,
        "CertificateExpired:root:0:1 TLSHandshakeFailures:root:3:1 BlackboxProbeFailed:root:20:1",
        playbook="certificate-expiring",
    ),
    _fault(
        "node down",
        "host",
        "errors",
        0.6,
        "KubeNodeNotReady:root:40:1 KubeNodeUnreachable:root:45:0.9 TargetDown:root:30:1 KubePodNotReady:pods:50:0.9 "
        "KubeDeploymentReplicasMismatch:services:70:0.8",
        playbook="node-not-ready",
    ),
)
