"""Root causes: additive, explained evidence over every entity of the topology.

Read `ranker` (the sum), then one kind of evidence a module: `lexicon` (names), `rarity`, `sibling_contrast`,
`random_walk` (dependencies), `changes`, `memory` (confirmed causes), `rules`; `confidence` and `calibration` turn the
sum into a probability.

May import: errors, options, ports, records, score, topology, wording, aiops_models.model_digest.
"""

from aiops_models.causes.ranker import CauseRanker

__all__ = ["CauseRanker"]
