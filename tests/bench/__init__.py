"""Measurements. `python -m tests.bench.verification --entries 1000000` prints a table; nothing of it is a test."""
