"""Start a policy's process: shut its walls if that is asked for, then `twin.policies.running.host`.

python -P -m twin.policies.running TRACES OWN_FOLDER shut|"" KEPT_FROM...
"""

import sys
from pathlib import Path

from twin.policies.running.walls import SHUT, open_places, shut_files, shut_network

if __name__ == "__main__":
    traces, own, asked, *kept_from = sys.argv[1:]
    with open(traces, "w") as stream:  # noqa: PTH123 - kept open: nothing can be opened for writing later
        held = shut_network() if asked == SHUT else []
        from twin.policies.running.host import (
            serve,  # between: it starts threads, and needs a folder for its kernels' cache
        )

        held += shut_files(open_places(Path(own)), kept_from) if asked == SHUT else []
        serve(stream, held, kept_from)
