"""Real peers on a real TCP over an emulated link: what the simulated network is held against."""
