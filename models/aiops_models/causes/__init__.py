"""Root causes: additive, explained evidence over every entity of the topology.

One algorithm a file: `lexicon` (what a name means), `scene` (who is who), `surprise` (how unusual), `contrast`
(against siblings), `blame` (along the dependencies), `changes` (what people did), `memory` (confirmed roots),
`rules` (packs of local knowledge), `confidence` and `calibration` (how sure). `ranker` adds them up.
"""

from aiops_models.causes.ranker import CauseRanker

__all__ = ["CauseRanker"]
