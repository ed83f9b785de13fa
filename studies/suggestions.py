"""What a misspelt name was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

UNIT_ENDINGS = (
    "_m",
    "_mw",
    "_kw",
    "_w",
    "_mwh",
    "_kwh",
    "_percent",
    "_pu",
    "_mm2",
    "_minutes",
    "_hours",
    "_half_hours",
)


def nearest(seen: str, known: Iterable[str]) -> str:
    """Return a sentence that names the accepted key nearest to `seen`; empty when nothing is near.

    A key that differs only in its unit is named with a warning to convert the value.
    """
    names = list(known)
    same_but_unit = [name for name in names if _stem(name) == _stem(seen) and name != seen]
    if same_but_unit:
        best = difflib.get_close_matches(seen, same_but_unit, n=1, cutoff=0.0)[0]
        return f"write {best} and convert the value: the unit is part of the name"
    close = difflib.get_close_matches(seen, names, n=2, cutoff=0.6)
    if not close:
        tails = {name.rsplit(".", 1)[-1]: name for name in names}
        close = [tails[tail] for tail in difflib.get_close_matches(seen.rsplit(".", 1)[-1], tails, n=1, cutoff=0.6)]
    return f"did you mean {' or '.join(close)}?" if close else ""


def _stem(name: str) -> str:
    for ending in sorted(UNIT_ENDINGS, key=len, reverse=True):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name
