"""Planning: the smallest of a setting that meets a study's objectives."""
