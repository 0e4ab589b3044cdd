"""The engine on a real socket: `python -m tls serve|connect`."""
