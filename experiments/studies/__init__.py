"""Studies: design points, jobs, executors, and the folder that keeps their results."""
