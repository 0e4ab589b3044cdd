"""Presentation: the answer as words, charts and a report."""
