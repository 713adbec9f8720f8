"""Mutants of the life of models: the registry, the rule of promotion, and the records that carry states."""

from __future__ import annotations

from tests.mutants.model import Mutant

_REGISTRY = "aiops/lifecycle/registry.py"
_FILES = "aiops/lifecycle/state_files.py"
_RULE = "aiops/lifecycle/verdict.py"
_STATE = "aiops/model_state.py"
_STAGE = "aiops/cli/models_stage.py"
_OWN = "tests/lifecycle/test_registry.py"


def _one(file: str, test: str) -> tuple[str, ...]:
    """The test that notices."""
    return (f"{file}::{test}",)


MUTANTS: list[Mutant] = [
    Mutant(
        "registry-a-changed-file-is-served",
        _FILES,
        "if version_id(algorithm, text) != id:",
        "if not text:",
        _one(_OWN, "test_a_file_that_is_not_what_its_id_stands_for_is_refused"),
    ),
    Mutant(
        "registry-removes-what-served",
        _REGISTRY,
        "if stage not in _IN_USE and id not in needed]",
        "if stage not in _IN_USE]",
        _one(_OWN, "test_the_oldest_versions_are_removed_but_never_what_serves_or_served"),
    ),
    Mutant(
        "registry-a-rollback-is-a-promotion",
        _REGISTRY,
        "            while stack and stack[-1] != move.version:\n                stack.pop()",
        "            pass",
        _one(_OWN, "test_rollbacks_lead_back_step_by_step"),
    ),
    Mutant(
        "registry-training-again-makes-a-version-younger",
        _REGISTRY,
        "stage=before.stage, created=before.created)",
        "stage=before.stage)",
        _one(_OWN, "test_training_the_same_again_changes_measures_and_nothing_else"),
    ),
    Mutant(
        "rule-few-outcomes-recommend",
        _RULE,
        "if cases < MIN_OUTCOMES:",
        "if cases < 1:",
        ("tests/lifecycle/test_verdict.py",),
    ),
    Mutant(
        "rule-a-worse-second-measure-is-overlooked",
        _RULE,
        "next((one for one in measures if one.high < 0), None)",
        "next((one for one in measures[:1] if one.high < 0), None)",
        ("tests/lifecycle/test_verdict.py",),
    ),
    Mutant(
        "state-a-bomb-is-unpacked",
        _STATE,
        "unpacker.decompress(base64.b64decode(packed, validate=True), MAX_STATE_CHARS)",
        "unpacker.decompress(base64.b64decode(packed, validate=True))",
        _one("tests/test_model_state.py", "test_a_bomb_is_not_unpacked"),
    ),
    Mutant(
        "promote-needs-no-reason",
        _STAGE,
        'if force and not (reason or "").strip():',
        "if False:",
        _one("tests/cli/test_models.py", "test_a_version_without_a_verdict_needs_force_and_a_reason"),
    ),
    Mutant(
        "promote-what-was-measured-beside-another",
        _STAGE,
        "if current is not None and current.id not in (version.incumbent, version.id):",
        "if False:",
        _one("tests/cli/test_models.py", "test_from_an_archive_to_the_engine_and_back"),
    ),
]
