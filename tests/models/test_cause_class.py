"""A fault learned on one service is known on the next, by its words and not by its names."""

from __future__ import annotations

import json

from aiops_models.cause_class import MAX_INCIDENTS, CauseClassifier

from aiops.ports import AlertFact, IncidentView

FAULTS = {
    "image": ("Failed", 'Failed to pull image "registry.example/{s}:v1": not found'),
    "quota": ("FailedCreate", 'pods "{s}-{n}f9" is forbidden: exceeded quota: cpu, used {n}'),
    "probe": ("Unhealthy", "Readiness probe failed: dial tcp 10.0.0.{n}:8080: connect: connection refused"),
}


def incident(fault: str, service: str, number: int = 1) -> IncidentView:
    name, message = FAULTS[fault]
    fact = AlertFact(f"pods/{service}-x", name, 2, 1, 0.0, 0.0, service, message=message.format(s=service, n=number))
    noise = AlertFact("pods/other-y", "FailedMount", 2, 1, 0.0, 0.0, "other", message="MountVolume.SetUp failed")
    return IncidentView(f"{fault}-{service}-{number}", 0.0, [fact, noise])


def taught() -> CauseClassifier:
    model = CauseClassifier()
    for number, service in enumerate(("cart", "mail", "ads")):
        for fault in FAULTS:
            model.learn(incident(fault, service, number), fault, service)
    return model


def test_known_on_a_new_service() -> None:
    for fault in FAULTS:
        found = taught().classify(incident(fault, "checkout", 9), "checkout")
        assert found[0][0] == fault
        assert abs(sum(share for _, share in found) - 1) < 1e-9


def test_nothing_learned_or_nothing_alike_gives_nothing() -> None:
    assert CauseClassifier().classify(incident("image", "cart"), "cart") == []
    assert taught().classify(IncidentView("empty", 0.0, []), None) == []


def test_learning_again_replaces() -> None:
    model = taught()
    model.learn(incident("image", "cart", 0), "registry", "cart")
    assert len(model.dump()) == 9


def test_state_survives_json() -> None:
    model, copy = taught(), CauseClassifier()
    copy.load(json.loads(json.dumps(model.dump())))
    asked = incident("quota", "checkout", 4)
    assert copy.classify(asked, "checkout") == model.classify(asked, "checkout")


def test_bounded() -> None:
    model = CauseClassifier()
    for number in range(MAX_INCIDENTS + 5):
        fact = AlertFact("a", f"name{number % 10}", 2, 1, 0.0, 0.0)
        model.learn(IncidentView(str(number), 0.0, [fact]), "c")
    assert len(model.dump()) == MAX_INCIDENTS
