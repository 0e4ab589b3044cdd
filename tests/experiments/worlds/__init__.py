"""Worlds that no ready scenario resembles, and what their answers must say."""
