"""How an experiment is carried out: results folders, processes or a cluster, shared arrays, provenance."""

from pathlib import Path

RUNS = Path("runs")
"""Where results are put if no folder is named."""
