"""Middleboxes in simulated worlds: what they see, what they do, and what follows."""
