"""Who comes, when, and what for: arrivals, populations, browsers, HTTP."""
