"""How many threads the engine uses where the caller does not say."""

from numba import config


def default_threads() -> int:
    """Return numba's configured number (all processors, or ``NUMBA_NUM_THREADS``) without starting its threads.

    ``numba.get_num_threads`` would start them, and then numba refuses any later change of the environment.
    """
    return int(config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
