"""Chosen connections of a world, seen as they pass: their packets, messages, keys and work."""
