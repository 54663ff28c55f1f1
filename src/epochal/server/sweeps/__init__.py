"""What is done for sweeps: which run an agent is given next, which runs are stopped, when a sweep has ended."""
