"""What all tests share."""

pytest_plugins = ["aiops.testing.kafka_fixture"]
