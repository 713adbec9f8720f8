"""Measure how many real alert rules a shipped playbook fits, and how often the rule itself confirms the fit.

Conditions read an alert's name, summary and description. The rule's expression and its file are not read, so they are
an independent witness: a playbook for Kafka that fits a rule is confirmed if the expression or the file is about Kafka.
A witness is lenient (one word is enough) and strict (a right fit without the word is not confirmed).

Rules are halved by family. Files that share a product or the name of an alert are one family, so that no copy of a rule
is on both sides. Conditions are written on one half; the other half is the one to report.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiops_models.playbooks import PlaybookSuggester
from msgspec import Struct
from rich.table import Table

from aiops.ports import AlertFact, IncidentView
from aiops.records import parse_severity
from aiops.topology import Topology

WRITTEN_ON, HELD_OUT = "written on", "held out"

# Playbook: a word that the expression or the file of a rule of its subject has. Written before it was run.
_WITNESSES = """
alerting-pipeline-broken: prometheus|alertmanager|vector\\(1\\)|thanos|rule|metamon
autoscaler-at-maximum: hpa|horizontalpodautoscaler|autoscal|keda|replicas
backup-failed: backup|snapshot|velero|archive|mgob|wal
bad-deploy-rollback: replicas|deployment|statefulset|daemonset|generation|rollout|helm
batch-job-failed: job|task|dag|cron|pipeline
brute-force-login: auth|login|password|failed
cassandra-unhealthy: cassandra
certificate-expiring: cert|ssl|tls|expir|not_after
cluster-capacity-low: resource_requests|allocatable|capacity|limit|pods
config-change-suspected: config|reload
container-runtime-failing: kubelet|container|runtime
coordination-service-unhealthy: consul|zookeeper|zk_|patroni|nomad|raft|leader
database-connections-exhausted: connect|pool|backend|activity|sessions|threads
database-deadlocks: deadlock
database-disk-filling: disk|storage|space|size|capacity|avail
database-down: up|down|status|absent|uptime
database-replication-lag: repl|lag|slave|standby|wsrep|galera
database-slow-queries: quer|lock|slow|wait|stall|checkpoint|rollback|tup|xact|xid|vacuum|blks|trans|latency|undo
dependency-down: limit|circuit|provider|429|external|error|fail
disk-failing: raid|smart|disk|md_|zfs|drive|device|readonly|offline
dns-resolution-failing: dns
elasticsearch-unhealthy: elastic|opensearch
etcd-unhealthy: etcd
file-descriptors-exhausted: fd|files|conntrack|descriptor|nofile
gitops-sync-failing: argo|flux|gotk|gitops
hardware-fault: temp|fan|power|psu|ups|battery|voltage|ipmi|edac|health|hwmon|sensor
host-clock-skew: time|ntp|clock|drift|chrony
host-cpu-saturated: cpu|load|processor|context|pressure
host-disk-full: disk|filesystem|avail|free|space|capacity
host-disk-io-saturated: disk|iops|\\bio|latency|wait
host-inodes-exhausted: files|inode
host-memory-pressure: mem|swap|oom
host-unit-failed: systemd|boot|service|panic|process|up
image-pull-failure: pull|image|waiting
ingress-errors: haproxy|nginx|traefik|envoy|istio|elb|ingress|gateway|balancer
intrusion-suspected: .
kafka-consumer-lag: lag|offset
kafka-under-replicated: kafka
kube-apiserver-degraded: apiserver|kube|scheduler|controller|rest_client
log-pipeline-dropping: log|drop|fluent|promtail|otel|vector|exporter
log-errors-surge: log|sentry|exception
memory-leak: mem|rss|heap|alloc
message-broker-unhealthy: rabbit|activemq|nats|pulsar|mq
metrics-backend-degraded: thanos|mimir|cortex|loki|tempo|promscale
monitoring-target-down: up\\b|absent|scrape|exporter|collector|target|last_|missing|count
network-packet-loss: net|packet|bond|interface|drop|err|loss|bgp
node-evicting-pods: condition|evict|pressure
node-not-ready: node|kubelet|up\\b
operator-reconcile-failing: reconcil|kube_customresource|strimzi|operator|resource_state|kubevirt|ssp|cnao
pod-crash-loop: restart|crashloop|start_time
pod-not-ready: pod|phase|waiting|ready|pdb|statefulset
pod-oom-killed: oom|mem
pod-unschedulable: schedul|pending|pod
probe-failing: probe|ready|liveness
queue-backlog: queue|message|sqs|sidekiq|celery|rabbit|backlog|pubsub|unacked|jobs
redis-down: redis|memcached|valkey
redis-memory-full: mem|evict|cache|hit
resource-quota-exceeded: quota
runtime-heap-exhausted: heap|jvm|gc|thread|goroutine|alloc|objects|memstats
security-scan: waf|threat|blocked|denied|scan
service-down: up\\b|up\\{|down|absent|status|live|running|active|health|count|missing
service-error-rate: err|fail|code|status|5\\.|success|exception|rejected|slo
service-latency-high: latency|duration|seconds|bucket|time|apdex|delay|quantile
service-no-endpoints: endpoint|up\\b|proxy|traffic|requests
site-probe-failing: probe|http|up\\b|check
storage-cluster-degraded: ceph|gluster|osd|openebs|rook|longhorn
stream-job-failing: flink|spark|connect|mirror|stream|checkpoint|task
traffic-stopped: ops|rate\\(|requests|messages|offset|records|increase
traffic-surge: rate|requests|bytes|bandwidth|network|ops|traffic
volume-claim-pending: persistentvolume|volume|pvc
volume-filling-up: volume|pvc|disk
worker-pool-exhausted: worker|thread|pool|queue|children|in_flight|inflight|requests|busy
workload-create-refused: webhook|admission|create
"""


class Fits(Struct):
    """One rule, its half, and the playbooks whose conditions hold, best first."""

    rule: dict[str, Any]
    half: str
    playbooks: list[str]


def witnesses() -> dict[str, re.Pattern[str]]:
    """Playbook → what confirms it."""
    pairs = (line.split(": ", 1) for line in _WITNESSES.strip().splitlines())
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in pairs}


def confirmed(one: Fits, known: dict[str, re.Pattern[str]]) -> bool | None:
    """Return if the rule's expression or file confirms the first playbook; None where it has no witness."""
    witness = known.get(one.playbooks[0])
    if witness is None or not one.rule["expr"]:
        return None
    return witness.search(f"{one.rule['expr']} {one.rule['path']}") is not None


def fits(rules: Sequence[dict[str, Any]], playbooks: str | None = None) -> list[Fits]:
    """The playbooks that fit each rule as an alert without a topology."""
    suggester = PlaybookSuggester(Topology(), {"playbooks": playbooks} if playbooks else {})
    sides = halves(rules)
    made = []
    for number, (rule, side) in enumerate(zip(rules, sides, strict=True)):
        found = suggester.suggest(view(rule, number))
        names = [one.name for one in found if any(evidence.name == "alerts" for evidence in one.evidence)]
        made.append(Fits(rule, side, names))
    return made


def view(rule: dict[str, Any], number: int) -> IncidentView:
    """The incident of one alert of a rule."""
    severity = int(parse_severity(rule["severity"]))
    message = f"{rule['summary']} {rule['description']}"
    fact = AlertFact("entity", rule["alert"], severity, 1, 0.0, 0.0, message=message)
    return IncidentView(str(number), 0.0, [fact], severity=severity)


def halves(rules: Sequence[dict[str, Any]]) -> list[str]:
    """Return the half of each rule: a hash of its family, which is all files that share a product or an alert."""
    parents: dict[str, str] = {}

    def root(name: str) -> str:
        while parents.setdefault(name, name) != name:
            name = parents[name]
        return name

    first: dict[str, str] = {}
    for rule in sorted(rules, key=lambda rule: (rule["alert"], product(rule["path"]))):
        mine, other = root(product(rule["path"])), root(first.setdefault(rule["alert"], product(rule["path"])))
        parents[max(mine, other)] = min(mine, other)
    odd = {name: hashlib.sha256(name.encode()).digest()[0] & 1 for name in {root(name) for name in parents}}
    return [WRITTEN_ON if odd[root(product(rule["path"]))] else HELD_OUT for rule in rules]


def product(path: str) -> str:
    """Return what a file of rules is about, the same for all publishers of one product.

    >>> product("mixins/apache-cassandra/alerts.yaml"), product("samber/cassandra/criteo-cassandra-exporter.yml")
    ('cassandra', 'cassandra')
    """
    publisher, *rest = path.split("/")
    if publisher in ("mixins", "samber"):
        return re.sub(r"^apache-|-mixin$|-2$|-exporter$", "", rest[0].lower())
    if publisher == "gitlab":
        file = rest[-1].rsplit(".", 1)[0]
        return "gitlab-generated" if file.startswith("autogenerated") else f"gitlab:{file}"
    return f"{publisher}:{'/'.join(rest)}"


def coverage_table(found: Sequence[Fits], before: Sequence[Fits] | None = None) -> Table:
    """The share of rules with a playbook, and of these the share that their own expression confirms."""
    title = "shipped catalogue, real alert rules by half"
    table = Table("rules", "count", "a playbook fits", "distinct names", "confirmed", title=title, title_justify="left")
    for label, every in (("", found), ("before: ", before or ())):
        for side in (HELD_OUT, WRITTEN_ON):
            chosen = [one for one in every if one.half == side]
            if chosen:
                table.add_row(f"{label}{side}", f"{len(chosen):,}", *_row(chosen))
        if every:
            table.add_row(f"{label}all", f"{len(every):,}", *_row(every))
    return table


def _row(chosen: Sequence[Fits]) -> tuple[str, str, str]:
    known = witnesses()
    names = {one.rule["alert"]: bool(one.playbooks) for one in chosen}
    asked = [answer for one in chosen if one.playbooks and (answer := confirmed(one, known)) is not None]
    return (
        f"{sum(bool(one.playbooks) for one in chosen) / len(chosen):.3f}",
        f"{sum(names.values()) / len(names):.3f}",
        f"{sum(asked) / len(asked):.3f}" if asked else "",
    )


def sample(found: Sequence[Fits], before: Sequence[Fits] | None, size: int, seed: int) -> list[str]:
    """Return held-out rules to judge by hand: `size` with a playbook before, and `size` that had none."""
    had = {id(one.rule): bool(one.playbooks) for one in before or ()}
    lines = []
    for label, wanted in (("had a playbook", True), ("new", False)):
        pool = [
            one for one in found if one.half == HELD_OUT and one.playbooks and had.get(id(one.rule), True) is wanted
        ]
        for one in random.Random(seed).sample(pool, min(size, len(pool))):
            said = " ".join(f"{one.rule['summary']} | {one.rule['description']}".split())
            lines.append(f"{label}\t{one.playbooks[0]}\t{one.rule['alert']}\t{said[:200]}")
    return lines


def folder_of(path: str | None) -> str | None:
    """Check that a folder of playbooks is there; `None` stands for the shipped one."""
    if path is not None and not Path(path).is_dir():
        raise SystemExit(f"--against: {path} is no folder; name one with playbooks")
    return path
