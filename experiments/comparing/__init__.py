"""Comparing two worlds, replication by replication: what differs, and why."""
