"""Processors: cores, and in what order they serve the jobs that come."""
