"""How an experiment is carried out: results folders, processes or a cluster, shared arrays, provenance."""
