"""The operations against an API server: what they change, what they leave, and what the server refuses.

Each test runs against the server in memory, which checks requests by the published OpenAPI schema, and against a real
API server where one is installed. What both answer alike is what the server in memory is trusted for.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from aiops.step_kinds.exchange import Progress, StepRefused
from aiops.testing.kubernetes_controllers import owner_of
from tests.kubernetes.carrying_out import Carried
from tests.kubernetes.objects import autoscaler, node, pod, workload
from tests.kubernetes.site import Json, Site
from tests.waiting import eventually

PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}
RESTARTED = "kubectl.kubernetes.io/restartedAt"


@pytest.fixture
def shop(site: Site) -> str:
    """A namespace."""
    return site.namespace()


def made(site: Site, namespace: str, kind: str = "Deployment", **given: Any) -> Json:
    """A workload whose rollout is complete."""
    site.create(PLURALS[kind], workload(kind, namespace, "cart", **given))
    site.settle(namespace)
    return site.get(PLURALS[kind], namespace, "cart")


def rolled_out(site: Site, namespace: str, image: str) -> Json:
    """The Deployment after somebody rolled out an image."""

    def edit(one: Json) -> None:
        one["spec"]["template"]["spec"]["containers"][0]["image"] = image

    site.change("deployments", namespace, "cart", edit)
    site.settle(namespace)
    return site.get("deployments", namespace, "cart")


def step(operation: str, namespace: str | None, name: str = "cart", **more: Any) -> Json:
    return {"operation": operation, "object": name} | ({"namespace": namespace} if namespace else {}) | more


def image(one: Json) -> str:
    return str(one["spec"]["template"]["spec"]["containers"][0]["image"])


def pod_annotations(one: Json) -> Json:
    return dict(one["spec"]["template"]["metadata"].get("annotations", {}))


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_restart_replaces_the_pods(site: Site, shop: str, kind: str) -> None:
    made(site, shop, kind)
    carried = Carried(site, step("rollout-restart", shop, resource=kind.lower()))
    carried.run()
    assert carried.sent == [("read", 200), ("dry run", 200), ("change", 200)]
    assert carried.progress().state == "working"
    site.settle(shop)
    assert carried.progress().state == "done"
    assert pod_annotations(site.get(PLURALS[kind], shop, "cart")) == {RESTARTED: "aiops-after-generation-1"}


def test_restart_of_a_daemonset(site: Site, shop: str) -> None:
    made(site, shop, "DaemonSet")
    carried = Carried(site, step("rollout-restart", shop, resource="daemonset"))
    carried.run()
    site.settle(shop)
    assert carried.progress().state == "done"
    assert RESTARTED in pod_annotations(site.get("daemonsets", shop, "cart"))


def test_dry_run_changes_nothing(site: Site, shop: str) -> None:
    before = made(site, shop)
    carried = Carried(site, step("rollout-restart", shop))
    carried.read()
    assert carried.prepared.dry_run is not None
    assert carried.send("dry run", carried.prepared.dry_run).status == 200
    assert site.get("deployments", shop, "cart") == before


def test_restart_keeps_other_annotations_and_can_be_repeated(site: Site, shop: str) -> None:
    one = workload("Deployment", shop, "cart")
    one["spec"]["template"]["metadata"]["annotations"] = {"team": "shop"}
    site.create("deployments", one)
    site.settle(shop)
    for generation in (1, 2):
        Carried(site, step("rollout-restart", shop)).run()
        found = pod_annotations(site.get("deployments", shop, "cart"))
        assert found == {"team": "shop", RESTARTED: f"aiops-after-generation-{generation}"}


def test_restart_is_refused_if_the_object_changes_after_the_dry_run(site: Site, shop: str) -> None:
    made(site, shop)
    carried = Carried(site, step("rollout-restart", shop))
    carried.between = lambda: void(rolled_out(site, shop, "shop/app:2"))
    with pytest.raises(StepRefused, match="change: 422"):
        carried.run()
    assert pod_annotations(site.get("deployments", shop, "cart")) == {}


def test_change_is_refused_if_the_object_was_made_anew(site: Site, shop: str) -> None:
    made(site, shop)
    scale = step("scale", shop, to=3, min=1, max=5)
    for one in (step("rollout-restart", shop), scale):
        carried = Carried(site, one)

        def replace() -> None:
            site.delete("deployments", shop, "cart")
            made(site, shop)

        carried.between = replace
        with pytest.raises(StepRefused, match="change: 422"):
            carried.run()
    assert site.get("deployments", shop, "cart")["metadata"]["generation"] == 1


@pytest.mark.parametrize(("more", "after"), [({"to": 5}, 5), ({"by": 2}, 4), ({"by": -1}, 1)])
def test_scale_sets_the_replicas_and_undo_restores_them(site: Site, shop: str, more: Json, after: int) -> None:
    made(site, shop)
    carried = Carried(site, step("scale", shop, min=1, max=5, **more))
    carried.run()
    assert site.get("deployments", shop, "cart")["spec"]["replicas"] == after
    site.settle(shop)
    assert carried.progress().state == "done"
    assert carried.undo() == 200
    assert site.get("deployments", shop, "cart")["spec"]["replicas"] == 2


def test_scale_of_a_statefulset(site: Site, shop: str) -> None:
    made(site, shop, "StatefulSet")
    carried = Carried(site, step("scale", shop, resource="statefulset", to=3, min=1, max=5))
    carried.run()
    site.settle(shop)
    assert carried.progress().state == "done"


def test_scale_and_its_undo_are_refused_if_another_person_scales(site: Site, shop: str) -> None:
    made(site, shop)

    def scale() -> None:
        site.change("deployments", shop, "cart", lambda one: one["spec"].update(replicas=4))

    carried = Carried(site, step("scale", shop, to=3, min=1, max=5))
    carried.between = scale
    with pytest.raises(StepRefused, match="change: 422"):
        carried.run()
    again = Carried(site, step("scale", shop, to=3, min=1, max=5))
    again.run()
    scale()
    assert again.progress().state == "failed"
    assert again.undo() == 422
    assert site.get("deployments", shop, "cart")["spec"]["replicas"] == 4


def test_autoscaled_workload_is_not_scaled(site: Site, shop: str) -> None:
    made(site, shop)
    site.create("horizontalpodautoscalers", autoscaler(shop, "other", "Deployment", "other"))
    Carried(site, step("scale", shop, to=3, min=1, max=5)).run()
    site.create("horizontalpodautoscalers", autoscaler(shop, "cart", "Deployment", "cart"))
    with pytest.raises(StepRefused, match="autoscaled"):
        Carried(site, step("scale", shop, to=4, min=1, max=5)).run()


def test_rollback_restores_the_template_before(site: Site, shop: str) -> None:
    first = made(site, shop)
    rolled_out(site, shop, "shop/app:2")
    bad = rolled_out(site, shop, "shop/app:broken")
    carried = Carried(site, step("rollback", shop))
    carried.run()
    assert carried.values["current"] == 3
    assert carried.values["previous"] == 2
    site.settle(shop)
    assert carried.progress().state == "done"
    found = site.get("deployments", shop, "cart")
    assert image(found) == "shop/app:2"
    assert found["metadata"]["generation"] == bad["metadata"]["generation"] + 1
    wanted = copy.deepcopy(first["spec"]["template"])
    wanted["spec"]["containers"][0]["image"] = "shop/app:2"
    assert found["spec"]["template"] == wanted


def test_rollback_of_a_rollback_returns_to_where_it_began(site: Site, shop: str) -> None:
    made(site, shop)
    bad = rolled_out(site, shop, "shop/app:2")
    for expected in ("shop/app:1", "shop/app:2"):
        Carried(site, step("rollback", shop)).run()
        site.settle(shop)
        assert image(site.get("deployments", shop, "cart")) == expected
    assert site.get("deployments", shop, "cart")["spec"] == bad["spec"]


def test_rollback_is_refused_if_somebody_rolls_out_meanwhile(site: Site, shop: str) -> None:
    made(site, shop)
    rolled_out(site, shop, "shop/app:2")
    carried = Carried(site, step("rollback", shop))
    carried.between = lambda: void(rolled_out(site, shop, "shop/app:fixed"))
    with pytest.raises(StepRefused, match="change: 422"):
        carried.run()
    assert image(site.get("deployments", shop, "cart")) == "shop/app:fixed"


def test_stuck_rollout_is_rolled_back(site: Site, shop: str) -> None:
    one = workload("Deployment", shop, "cart")
    one["spec"] |= {"progressDeadlineSeconds": 1}
    site.create("deployments", one)
    site.settle(shop)

    def break_it(found: Json) -> None:
        found["spec"]["template"]["spec"]["containers"][0]["image"] = "shop/app:broken"

    site.change("deployments", shop, "cart", break_it)
    site.stall(shop, "cart")
    carried = Carried(site, step("rollback", shop))
    assert carried.progress() == Progress("failed", "the rollout exceeded its progress deadline")
    carried.run()
    site.settle(shop)
    assert carried.progress().state == "done"
    assert image(site.get("deployments", shop, "cart")) == "shop/app:1"


def test_rollback_needs_an_earlier_revision(site: Site, shop: str) -> None:
    made(site, shop)
    other = workload("Deployment", shop, "other")
    site.create("deployments", other)
    site.settle(shop)
    with pytest.raises(StepRefused, match="no-earlier-revision"):
        Carried(site, step("rollback", shop)).run()


@pytest.mark.parametrize("operation", ["rollback", "rollout-restart"])
def test_paused_deployment_is_left_alone(site: Site, shop: str, operation: str) -> None:
    made(site, shop)
    rolled_out(site, shop, "shop/app:2")
    site.change("deployments", shop, "cart", lambda one: one["spec"].update(paused=True))
    with pytest.raises(StepRefused, match="paused"):
        Carried(site, step(operation, shop)).run()


def test_object_of_gitops_is_left_alone(site: Site, shop: str) -> None:
    one = workload("Deployment", shop, "cart")
    one["metadata"]["labels"] = {"kustomize.toolkit.fluxcd.io/name": "shop"}
    site.create("deployments", one)
    site.settle(shop)
    carried = Carried(site, step("rollout-restart", shop))
    with pytest.raises(StepRefused, match=r"gitops_managed: .*managed by Flux Kustomization shop"):
        carried.run()
    assert [purpose for purpose, _ in carried.sent] == ["read"]


def test_pod_of_a_controller_is_deleted_and_replaced(site: Site, shop: str) -> None:
    made(site, shop)
    before = {one["metadata"]["name"] for one in site.pods(shop)}
    name = min(before)
    carried = Carried(site, step("delete-pod", shop, name))
    carried.run()
    assert carried.sent == [("read", 200), ("dry run", 201), ("change", 201)]
    site.settle(shop)
    assert carried.progress().state == "done"
    # The controller of a real cluster may notice it only after its status was read.
    after = eventually(
        lambda: names if len(names := {one["metadata"]["name"] for one in site.pods(shop)}) == 2 else None
    )
    assert after is not None
    assert name not in after


def test_pod_of_a_statefulset_is_replaced_under_its_name(site: Site, shop: str) -> None:
    made(site, shop, "StatefulSet")
    before = site.get("pods", shop, "cart-0")["metadata"]["uid"]
    carried = Carried(site, step("delete-pod", shop, "cart-0", controller="StatefulSet"))
    carried.run()
    site.settle(shop)
    assert carried.progress().state == "done"
    assert site.get("pods", shop, "cart-0")["metadata"]["uid"] != before


def test_pod_that_was_replaced_after_the_dry_run_stays(site: Site, shop: str) -> None:
    made(site, shop, "StatefulSet")
    carried = Carried(site, step("delete-pod", shop, "cart-0", controller="StatefulSet"))

    def replace() -> None:
        site.delete("pods", shop, "cart-0")
        site.settle(shop)

    carried.between = replace
    with pytest.raises(StepRefused, match="change: 409"):
        carried.run()
    assert site.get("pods", shop, "cart-0")


def test_disruption_budget_keeps_a_pod(site: Site, shop: str) -> None:
    made(site, shop)
    site.protect(shop, "cart")
    name = site.pods(shop)[0]["metadata"]["name"]
    with pytest.raises(StepRefused, match="dry run: 429"):
        Carried(site, step("delete-pod", shop, name)).run()
    assert site.get("pods", shop, name)


def test_pod_without_a_controller_is_left_alone(site: Site, shop: str) -> None:
    site.create("pods", pod(shop, "alone"))
    with pytest.raises(StepRefused, match="no-controller"):
        Carried(site, step("delete-pod", shop, "alone")).run()
    assert site.get("pods", shop, "alone")


def test_static_pod_is_left_alone(site: Site, shop: str) -> None:
    if site.is_real:
        pytest.skip("only a kubelet may create the copy of a static pod")
    host = site.create("nodes", node("node-1"))
    mark = {"kubernetes.io/config.mirror": "x"}
    site.create("pods", pod(shop, "proxy", annotations=mark, ownerReferences=[owner_of(host)]))
    with pytest.raises(StepRefused, match="static-pod"):
        Carried(site, step("delete-pod", shop, "proxy")).run()


@pytest.fixture
def nodes(site: Site) -> Any:
    """Three nodes."""
    names = ["node-1", "node-2", "node-3"]
    for name in names:
        site.create("nodes", node(name))
    yield names
    for name in names:
        site.delete("nodes", "", name)


def test_cordon_and_its_undo(site: Site, nodes: list[str]) -> None:
    carried = Carried(site, step("cordon", None, "node-1"))
    carried.run()
    assert site.get("nodes", "", "node-1")["spec"]["unschedulable"] is True
    assert carried.progress().state == "done"
    with pytest.raises(StepRefused, match="nothing-to-change"):
        Carried(site, step("cordon", None, "node-1")).run()
    assert carried.undo() == 200
    assert "unschedulable" not in site.get("nodes", "", "node-1")["spec"]
    assert carried.progress().state == "failed"
    assert carried.undo() == 422


def test_uncordon(site: Site, nodes: list[str]) -> None:
    Carried(site, step("cordon", None, "node-1")).run()
    carried = Carried(site, step("uncordon", None, "node-1"))
    carried.run()
    assert carried.progress().state == "done"
    assert "unschedulable" not in site.get("nodes", "", "node-1")["spec"]


def test_cordon_of_another_person_is_not_ours_to_undo(site: Site, nodes: list[str]) -> None:
    carried = Carried(site, step("cordon", None, "node-1"))
    carried.between = lambda: void(
        site.change("nodes", "", "node-1", lambda one: one["spec"].update(unschedulable=True))
    )
    with pytest.raises(StepRefused, match="change: 422"):
        carried.run()


def test_no_more_nodes_are_cordoned_than_the_operator_allows(site: Site, nodes: list[str]) -> None:
    Carried(site, step("cordon", None, "node-1")).run()
    with pytest.raises(StepRefused, match=r"too-many-nodes: .*2 of 3"):
        Carried(site, step("cordon", None, "node-2")).run()
    Carried(site, step("cordon", None, "node-2"), max_cordoned_percent=70.0).run()
    with pytest.raises(StepRefused, match=r"too-many-nodes: .*3 of 3"):
        Carried(site, step("cordon", None, "node-3"), max_cordoned_percent=100.0).run()


def test_missing_object_is_no_surprise(site: Site, shop: str) -> None:
    with pytest.raises(StepRefused, match="read: 404"):
        Carried(site, step("rollout-restart", shop, "missing")).run()


def test_service_account_has_no_other_rights(site: Site, shop: str) -> None:
    made(site, shop)
    carried = Carried(site, step("rollout-restart", shop))
    one = carried.prepared.reads[0]
    for url in (
        f"{site.url}/apis/apps/v1/namespaces/{shop}/statefulsets/cart",
        f"{site.url}/api/v1/namespaces/{shop}/pods",
        f"{site.url}/api/v1/namespaces/{shop}/events",
    ):
        allowed = url.endswith("statefulsets/cart")
        assert carried.send("other", type(one)("GET", url)).status == (404 if allowed else 403)


def test_without_a_token_nothing_is_answered(site: Site, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made(site, shop)
    monkeypatch.setattr(type(site), "token", lambda self: "not-a-token")
    with pytest.raises(StepRefused, match="read: 401"):
        Carried(site, step("rollout-restart", shop)).run()


def void(value: object) -> None:
    """Nothing, for a callback that returns nothing."""
