"""Study files, members, the command line and where results are put: the place where everything comes together."""

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""Environment of the command and its workers, set before numpy is imported.

Linear algebra on one thread gives the same bytes on any number of cores, and leaves no idle threads beside the workers.
"""
