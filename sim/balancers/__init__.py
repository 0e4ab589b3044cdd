"""Balancers: which of a site's servers a connection goes to."""
