"""The ready scenarios: `tlscape scenarios` lists them."""
