"""The machines: what runs on them and what it costs."""
