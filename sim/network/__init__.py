"""The network between clients and servers."""
