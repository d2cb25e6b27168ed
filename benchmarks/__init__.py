"""auricle beside its peers: same process, same network, same clips, same answer. ``python -m benchmarks``."""
