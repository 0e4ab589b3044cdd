"""The handshake of TLS 1.3: one coroutine a role, and what comes after it (RFC 8446 §2, §4)."""
