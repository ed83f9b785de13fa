"""Linear algebra on one thread: the same bytes on any number of cores, and no idle threads beside the workers."""

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""Environment to set before numpy is imported, in the command and in its workers."""
