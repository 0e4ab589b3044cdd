"""Middleboxes: what stands on a path and looks at what passes; one file a kind."""
