"""Results: merged tables, measures, statistics and summaries."""
