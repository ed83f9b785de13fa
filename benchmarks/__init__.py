"""Times the engine beside its peers: ``python -m benchmarks`` writes RESULTS.md."""
