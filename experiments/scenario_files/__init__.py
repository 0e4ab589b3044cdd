"""Scenario files: found, read, overridden, checked, and complained about in one line."""
