"""Write the golden values anew: ``python -m tests.golden.make [NAME ...]``, all without a name.

Allowed only where results are meant to change, together with an entry under "Changed results" in CHANGELOG.md that
says what changed, why, and by how much. A move, a new name or any other refactoring must leave every value as it is.
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.fixtures.real_data import DATA
from tests.golden import kept_values
from tests.golden.differences import differences, leaves, report
from tests.golden.goldens import GOLDENS
from tests.golden.workplace import Workplace


def main() -> None:
    """Make the goldens that are named, and say what has changed."""
    names = sys.argv[1:] or list(GOLDENS)
    unknown = set(names) - set(GOLDENS)
    if unknown:
        sys.exit(f"no such golden: {', '.join(sorted(unknown))}; there are {', '.join(GOLDENS)}")
    with tempfile.TemporaryDirectory() as folder:
        place = Workplace(Path(folder))
        for name in names:
            make(name, place)


def make(name: str, place: Workplace) -> None:
    """Write one golden."""
    golden = GOLDENS[name]
    if golden.needs_data and not DATA.is_dir():
        print(f"{name}: left as it is, the measured data are not here: {DATA}")
        return
    start = time.perf_counter()
    values = golden.make(place)
    seconds = time.perf_counter() - start
    count = sum(1 for _ in leaves(values))
    said = f"{count} values"
    if kept_values.path_of(name).is_file():
        found = differences(kept_values.read(name), values)
        said = report(found, count) if found else f"{count} values, none differs"
    kept_values.write(name, values)
    print(f"{name} ({seconds:.1f} s): {said}", flush=True)


if __name__ == "__main__":
    main()
