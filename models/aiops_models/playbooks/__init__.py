"""Suggesting playbooks: conditions, text retrieval, runbook links and outcomes, added up and shown."""

from aiops_models.playbooks.suggester import PlaybookSuggester

__all__ = ["PlaybookSuggester"]
