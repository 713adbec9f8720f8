"""Behaviour by behaviour beside the real Alertmanager: one configuration, the same alerts, a receiver each."""
