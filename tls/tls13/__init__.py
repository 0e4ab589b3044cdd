"""What TLS 1.3 says that no version before it said: its extensions and messages (RFC 8446 §4)."""
