"""N-1 of any pandapower net: see `twin.security.analysis.SecurityAnalysis`."""
