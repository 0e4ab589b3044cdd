"""Handshakes: one coroutine a role and protocol family, in message order."""
