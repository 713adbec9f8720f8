"""Playbook suggestions: conditions, text retrieval, runbook links and outcomes, added up and shown.

Read `suggester`, `library` (the documents), `query` (the incident), `runbook_candidates` with `runbook_search` and
`linked_rules`, then `base_rates`, `outcomes`, `triggers`.

May import: errors, options, ports, records, respond, topology, wording, aiops_models.model_digest,
aiops_models.retrieval.
"""

from aiops_models.playbooks.suggester import PlaybookSuggester

__all__ = ["PlaybookSuggester"]
