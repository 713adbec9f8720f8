"""Throughput: alerts a second, CPU an alert and memory, as ratios to floors measured in the same run."""
