"""Mutants of the Kubernetes operations: each refusal, each condition of a change, and the reading of a rollout."""

from __future__ import annotations

from tests.mutants.model import Mutant

ROOM = "connectors/aiops_connectors/kubernetes/"
UNIT = "tests/connectors/kubernetes/"


def _mutant(name: str, file: str, old: str, new: str, test: str = "") -> Mutant:
    return Mutant(f"kubernetes-{name}", f"{ROOM}{file}.py", old, new, (f"{UNIT}test_{test or file}.py",))


MUTANTS: list[Mutant] = [
    _mutant(
        "protected-namespaces-are-changed",
        "kind",
        "if target.namespace in options",
        "if not target.namespace and options",
    ),
    _mutant("statefulset-pods-are-reversible", "kind", "reversible=False", "reversible=True"),
    _mutant("the-kind-of-an-effect-is-the-playbooks", "kind", 'step.controller or "ReplicaSet"', '"ReplicaSet"'),
    _mutant(
        "a-lost-object-is-waited-for",
        "kind",
        '"failed" if refused.code == "not-found" else',
        '"working" if refused.code == "not-found" else',
    ),
    _mutant("names-may-hold-anything", "names", "_INNER.issuperset(text)", "True"),
    _mutant("names-may-be-empty", "names", "bool(text) and", "not text or"),
    _mutant("names-may-have-any-length", "names", "len(value) > MAX_NAME", "len(value) < 0"),
    _mutant(
        "namespaces-may-be-paths-of-labels",
        "names",
        "or len(value) > MAX_LABEL or not _is_label(value)",
        "or len(value) > MAX_LABEL or not all(map(_is_label, value.split('.')))",
    ),
    _mutant("any-object-is-the-one-requested", "objects", "if not same or", "if"),
    _mutant("any-uid-will-do", "objects", "or _UID.fullmatch(found.metadata.uid) is None", ""),
    _mutant("any-status-is-an-object", "objects", "or reply.status != 200", ""),
    _mutant(
        "a-lost-answer-means-a-lost-object",
        "objects",
        "reply.error is None and reply.status == 404",
        "reply.status == 404",
        "eviction",
    ),
    _mutant(
        "an-object-that-is-being-deleted-is-changed",
        "refusals",
        'is not None:\n        raise Refused("changed"',
        'is None and False:\n        raise Refused("changed"',
    ),
    _mutant(
        "labels-of-gitops-are-ignored",
        "managers",
        "{**metadata.labels, **metadata.annotations}",
        "metadata.annotations",
    ),
    _mutant(
        "annotations-of-gitops-are-ignored",
        "managers",
        "{**metadata.labels, **metadata.annotations}",
        "metadata.labels",
    ),
    _mutant("managers-of-gitops-are-ignored", "managers", "if one.manager in MANAGERS), ", "if not one.manager), "),
    _mutant("names-of-gitops-may-be-commands", "managers", "if _NAME.fullmatch(name) else", "if name else"),
    _mutant("manager-is-not-observed", "observing", "facts, manager_of(metadata))", 'facts, "")'),
    _mutant("object-is-observed-without-identity", "observing", '{subject} ({metadata.uid})"', '{subject}"'),
    _mutant("rollback-is-not-bound-to-its-revision", "rollback", "        revision=current,\n", "", "observing"),
    _mutant(
        "rollback-is-not-bound-to-the-template-that-is-left",
        "rollback",
        "        pod_template=template_digest(deployment),\n",
        "",
        "observing",
    ),
    _mutant(
        "rollback-is-not-bound-to-the-template-that-is-restored",
        "rollback",
        "        restored_pod_template=template_digest(replica_set),\n",
        "",
        "observing",
    ),
    _mutant(
        "restart-is-not-bound-to-its-template", "restart", ", pod_template=template_digest(workload))", ")", "observing"
    ),
    _mutant("scale-is-not-bound-to-the-replicas", "scaling", "replicas=before, wanted", "wanted", "observing"),
    _mutant(
        "rollback-of-what-the-controller-has-not-seen",
        "rollback",
        "if deployment.status.observed_generation < deployment.metadata.generation:",
        "if False:",
    ),
    _mutant(
        "objects-of-operators-are-changed",
        "refusals",
        "(owner := found.metadata.controller) is not None",
        '(owner := found.metadata.controller) is not None and owner.kind == ""',
    ),
    _mutant("large-workloads-are-changed", "refusals", "if count > max_replicas", "if count > max_replicas * 1000"),
    _mutant("large-daemonsets-are-changed", "refusals", ", found.status.desired_number_scheduled)", ", 0)"),
    _mutant("restart-without-identity", "restart", '        same("/metadata/uid", hole("uid")),\n', ""),
    _mutant(
        "restart-of-another-generation", "restart", '        same("/metadata/generation", hole("generation")),\n', ""
    ),
    _mutant("restart-of-paused", "restart", "if workload.spec.paused:", "if False:"),
    _mutant("restart-of-on-delete", "restart", '== "OnDelete"', '== "Never"'),
    _mutant("restart-of-nothing", "restart", "workload.spec.replicas == 0", "workload.spec.replicas < 0"),
    _mutant("restart-of-owned", "restart", '    refuse_workload(subject, workload, facts["max_replicas"])\n', ""),
    _mutant(
        "restart-that-was-overwritten-is-done",
        "restart",
        "if not str(annotations_of",
        "if False and not str(annotations_of",
    ),
    _mutant("restart-without-dry-run", "restart", "JSON_PATCH, dry=True", "JSON_PATCH, dry=False"),
    _mutant("scale-without-identity", "scaling", 'return [same("/metadata/uid", hole("uid")), ', "return ["),
    _mutant("scale-of-what-another-person-set", "scaling", ' same("/spec/replicas", before),', ""),
    _mutant(
        "scale-beyond-the-bounds",
        "scaling",
        'if not facts["min"] <= after <= facts["max"]:\n        bounds',
        'if not facts["min"] <= after:\n        bounds',
    ),
    _mutant(
        "scale-below-the-bounds",
        "scaling",
        'if not facts["min"] <= after <= facts["max"]:\n        bounds',
        'if not after <= facts["max"]:\n        bounds',
    ),
    _mutant(
        "scale-beyond-the-operators-limit", "scaling", 'if after > facts["max_replicas"]', 'if after > facts["max"]'
    ),
    _mutant("scale-of-what-was-stopped", "scaling", "if before == 0:", "if before < 0:"),
    _mutant("scale-of-nothing", "scaling", "if after == before:", "if after is None:"),
    _mutant("scale-against-an-autoscaler", "scaling", "    _refuse_autoscaled(subject, replies[1])\n", ""),
    _mutant("scale-with-autoscalers-unread", "scaling", "if listing.metadata.continue_:", "if False:"),
    _mutant(
        "scale-undone-whatever-happened",
        "scaling",
        '_body(hole("after"), hole("before"))',
        '_body(hole("before"), hole("before"))',
    ),
    _mutant("scale-by-another-is-done", "scaling", 'or ("to" in facts and wanted != facts["to"])', ""),
    _mutant("rollback-without-identity", "rollback", '        same("/metadata/uid", hole("uid")),\n', ""),
    _mutant(
        "rollback-of-another-generation", "rollback", '        same("/metadata/generation", hole("generation")),\n', ""
    ),
    _mutant("rollback-of-paused", "rollback", "if deployment.spec.paused:", "if False:"),
    _mutant("rollback-to-anything", "rollback", "if not template:", "if False:"),
    _mutant("rollback-to-the-same", "rollback", "if template == pod_template(deployment):", "if False:"),
    _mutant("rollback-to-the-template-of-others", "rollback", "by.uid == deployment.metadata.uid", "by.uid"),
    _mutant("rollback-to-the-oldest", "rollback", "return current, *known[1]", "return current, *known[-1]"),
    _mutant("rollback-to-the-unnumbered", "rollback", "if at > 0]", "]"),
    _mutant("rollback-of-what-is-not-numbered", "rollback", "if revision(deployment) != current:", "if False:"),
    _mutant("rollback-with-a-part-of-the-list", "rollback", "if listing.metadata.continue_:", "if False:"),
    _mutant(
        "rollback-writes-its-template-to-the-trail",
        "rollback",
        '"the pod template of the previous revision")',
        '"the pod template of the previous revision", ".*")',
    ),
    _mutant(
        "cordon-without-identity", "cordon", 'same("/metadata/uid", hole("uid")), before, after]', "before, after]"
    ),
    _mutant("cordon-of-another-person-is-undone", "cordon", 'hole("uid")), before, after]', 'hole("uid")), after]'),
    _mutant("cordon-of-what-is-cordoned", "cordon", "if node.spec.unschedulable == cordon:", "if False:"),
    _mutant("cordon-of-any-number", "cordon", "after * 100 > total * percent", "False"),
    _mutant("cordon-of-the-last", "cordon", "if after >= total or", "if"),
    _mutant("cordon-does-not-count-itself", "cordon", "len(marked.items or []) + 1", "len(marked.items or [])"),
    _mutant("cordon-with-a-part-of-the-list", "cordon", "if marked.metadata.continue_ or", "if"),
    _mutant("cordon-with-nodes-uncounted", "cordon", "one.metadata.remaining_item_count is None)", "False)"),
    _mutant("cordon-of-what-is-deleted", "cordon", "    refuse_deleted(subject, node.metadata)\n", ""),
    _mutant("pod-without-identity", "eviction", '{"uid": hole("uid"), "resourceVersion"', '{"resourceVersion"'),
    _mutant("pod-of-another-version", "eviction", ', "resourceVersion": hole("version")}', "}"),
    _mutant("pod-of-nobody", "eviction", "if owner is None:", "if owner is None and metadata.annotations:"),
    _mutant("pod-of-another-controller", "eviction", "if owner.kind != controller:", "if False:"),
    _mutant("pod-of-a-node", "eviction", 'or (owner is not None and owner.kind == "Node")', ""),
    _mutant("pod-that-mirrors", "eviction", "if MIRROR in metadata.annotations or", "if"),
    _mutant("pod-that-is-deleted-already", "eviction", "    refuse_deleted(subject, metadata)\n", ""),
    _mutant(
        "pod-that-is-ending-has-ended", "eviction", "deletion_timestamp is not None:", "deletion_timestamp is None:"
    ),
    _mutant(
        "rollout-of-the-generation-before",
        "rollouts",
        "observed_generation < max(found.metadata.generation, 1)",
        "observed_generation < 1",
    ),
    _mutant("rollout-past-its-deadline", "rollouts", "progressing.reason == DEADLINE_EXCEEDED", "False"),
    _mutant("rollout-of-some", "rollouts", "if status.updated_replicas < wanted:", "if False:"),
    _mutant("rollout-with-old-replicas", "rollouts", "if status.replicas > status.updated_replicas:", "if False:"),
    _mutant(
        "rollout-that-is-not-available",
        "rollouts",
        "if status.available_replicas < status.updated_replicas:",
        "if False:",
    ),
    _mutant("changes-are-their-own-dry-run", "resources", '({"dryRun": "All"} if dry else {})', "{}", "restart"),
    _mutant(
        "restart-whatever-the-dry-run-shows",
        "restart",
        '!= values["annotations"] | {RESTARTED: values["mark"]}',
        "is None",
    ),
    _mutant("rollback-whatever-the-dry-run-shows", "rollback", '!= values["template"]', "is None"),
    _mutant("scale-whatever-the-dry-run-shows", "scaling", 'if after != values["after"]:', "if after is None:"),
    _mutant(
        "cordon-whatever-the-dry-run-shows",
        "cordon",
        'spec.unschedulable != facts["cordon"]:\n        raise Refused("dry-run',
        'spec.unschedulable is None:\n        raise Refused("dry-run',
    ),
    Mutant(
        "respond-the-dry-runs-answer-is-not-judged",
        "aiops/respond/execution.py",
        "            kind.rehearsed(call, known, tried.reply())\n",
        "",
        ("tests/respond/test_execution_exchange.py",),
    ),
    Mutant(
        "respond-a-token-is-read-once",
        "aiops/respond/secrets.py",
        "value = self._values[name] = secret_value(name, secret)",
        "value = self._values[name] = self._values.get(name) or secret_value(name, secret)",
        ("tests/respond/test_transport.py",),
    ),
]
