"""Hellos of real clients, from a socket or from captured packets, as client profiles."""
