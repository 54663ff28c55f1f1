"""Search without I/O: what a sweep's configuration means, which point comes next, which run is stopped early."""
