"""Kafka: how to connect, two consumers and two producers behind one protocol each, and where reading goes on."""
