"""The alerts that simulated tools send, by name.

Names, severities and wording follow the rule sets that most sites run: kubernetes-mixin, the mixins of the node,
PostgreSQL, Redis and RabbitMQ exporters, the blackbox exporter, and request rates of a service mesh.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct


class Signal(Struct, frozen=True):
    """One alert rule: name, tool, and a text with `{entity}` and a `{value}` from `low` to `high`."""

    name: str
    severity: str
    source: str
    text: str
    low: float = 0.0
    high: float = 1.0


_TABLE = """
HTTPErrorRateHigh|high|mesh|{entity}: {value:.1f} % of requests fail with 5xx, threshold 2 %|4|70
HighRequestLatency|warning|mesh|{entity}: p99 latency is {value:.2f} s, threshold 0.5 s|0.7|9
PodRequestErrorsHigh|warning|mesh|{entity}: {value:.1f} % of requests to this replica fail, threshold 5 %|6|90
PodRequestLatencyHigh|warning|mesh|{entity}: p99 latency of this replica is {value:.2f} s|0.7|9
UpstreamRequestTimeout|warning|mesh|{entity}: {value:.0f} upstream calls a minute time out|5|400
BlackboxProbeFailed|critical|blackbox|Probe of {entity} fails since {value:.0f} s|30|120
BlackboxProbeSlow|warning|blackbox|Probe of {entity} takes {value:.1f} s|2|9
KubePodCrashLooping|high|kube|Pod {entity} restarted {value:.0f} times within 10 minutes|3|9
KubePodNotReady|warning|kube|Pod {entity} has been not ready for {value:.0f} minutes|3|15
KubeContainerOOMKilled|high|kube|Container in {entity} was killed for memory, {value:.0f} times|1|6
KubeDeploymentReplicasMismatch|warning|kube|Deployment {entity} has {value:.0f} replicas missing|1|3
KubeDeploymentRolloutStuck|warning|kube|Rollout of {entity} has not progressed for {value:.0f} minutes|5|15
KubeNodeNotReady|critical|kube|Node {entity} has been unready for {value:.0f} s|60|300
KubeNodeUnreachable|critical|kube|Node {entity} is unreachable, {value:.0f} workloads may be rescheduled|4|12
KubeNodePressure|warning|kube|Node {entity} is under disk pressure, {value:.0f} pods evicted|1|5
KubePersistentVolumeFillingUp|critical|kube|The volume claimed by {entity} has only {value:.1f} % free|0.5|3
KubeHpaMaxedOut|warning|kube|The autoscaler of {entity} runs at maximum for {value:.0f} minutes|15|60
KubeJobFailed|warning|kube|A job of {entity} failed, {value:.0f} attempts|1|6
CPUThrottlingHigh|info|kube|{value:.0f} % throttling of CPU in {entity}|25|90
ContainerMemoryNearLimit|warning|kube|{entity} uses {value:.0f} % of its memory limit|91|99
ContainerCPUUsageHigh|warning|kube|{entity} uses {value:.0f} % of its CPU limit|90|100
TargetDown|warning|prometheus|{value:.0f} % of the targets on {entity} are down|30|100
NodeCPUHighUsage|warning|node|CPU usage of {entity} is {value:.0f} %|91|100
NodeSystemSaturation|warning|node|Load per core of {entity} is {value:.1f}|2|9
NodeMemoryHighUtilization|warning|node|Memory of {entity} is {value:.0f} % used|91|99
NodeFilesystemSpaceFillingUp|warning|node|File system of {entity} is predicted to fill up, {value:.0f} % left|8|14
NodeFilesystemAlmostOutOfSpace|critical|node|File system of {entity} has only {value:.1f} % left|0.2|3
NodeDiskIOSaturation|warning|node|Disk queue of {entity} is {value:.0f} long|12|60
NodeNetworkReceiveErrs|warning|node|{entity} has {value:.0f} receive errors in two minutes|20|900
NodeNetworkTransmitErrs|warning|node|{entity} has {value:.0f} transmit errors in two minutes|20|900
NodeHighPacketLoss|high|node|Packet loss of {entity} is {value:.1f} %|2|30
NodeTCPRetransmitsHigh|warning|node|{value:.1f} % of TCP segments of {entity} are sent again|3|20
NodeClockSkewDetected|warning|node|Clock of {entity} is {value:.2f} s off|0.06|2
PostgresqlTooManyLocksAcquired|high|postgres|{entity}: {value:.0f} % of the lock table is taken|60|99
PostgresqlDeadLocks|warning|postgres|{entity}: {value:.0f} deadlocks in a minute|3|40
PostgresqlSlowQueries|warning|postgres|{entity}: slowest query runs for {value:.0f} s|60|900
PostgresqlTooManyConnections|high|postgres|{entity}: {value:.0f} % of the connections are in use|85|100
PostgresqlReplicationLag|warning|postgres|{entity}: replica is {value:.0f} s behind|30|900
DatabaseConnectionPoolExhausted|high|app|{entity}: {value:.0f} requests wait for a connection|10|200
RedisMemoryHigh|warning|redis|{entity}: {value:.0f} % of maxmemory is used|91|100
RedisKeyEviction|warning|redis|{entity}: {value:.0f} keys evicted a second|50|2000
CacheHitRateLow|warning|app|{entity}: cache hit rate is {value:.0f} %|5|40
RabbitmqQueueBacklog|high|rabbitmq|{entity}: {value:.0f} messages are ready and growing|5000|90000
RabbitmqMemoryAlarm|high|rabbitmq|{entity}: memory alarm, publishers are blocked for {value:.0f} s|10|200
ConsumerProcessingDelayed|warning|app|{entity}: oldest message is {value:.0f} s old|120|1800
CertificateExpired|critical|blackbox|Certificate of {entity} expired {value:.0f} minutes ago|1|30
TLSHandshakeFailures|high|mesh|{entity}: {value:.0f} TLS handshakes a minute fail|20|900
ConfigReloadFailed|high|app|{entity}: reloading the configuration failed {value:.0f} times|1|9
LogErrorsDetected|warning|logs|{entity}: {value:.0f} error lines a minute|20|600
BackupDurationHigh|info|postgres|{entity}: backup takes {value:.0f} minutes|45|90
ScrapeSlow|info|prometheus|Scraping {entity} takes {value:.1f} s|8|15
"""


def _parse(line: str) -> Signal:
    return msgspec.convert(dict(zip(Signal.__struct_fields__, line.split("|"), strict=True)), Signal, strict=False)


SIGNALS: dict[str, Signal] = {signal.name: signal for signal in map(_parse, _TABLE.strip().splitlines())}
