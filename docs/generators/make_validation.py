"""Writes docs/validation/validation.md: the engine beside other solutions; exit status 1 if a row misses."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
TESTS = FOLDER.parents[1] / "tests"
sys.path[:0] = [str(TESTS / "validation"), str(TESTS / "fixtures"), str(TESTS)]

import closed_form  # noqa: E402
import frozen_controls  # noqa: E402
import networks  # noqa: E402
import other_controllers  # noqa: E402
import settled_controls  # noqa: E402
import stored_case  # noqa: E402
from agreement import Agreement, agreements  # noqa: E402

from twin import BatchPowerFlow  # noqa: E402

VM_CLASSES = (1e-12, 1e-10, 1e-8)
LOADING_CLASSES = (1e-9, 1e-7, 1e-5)
GROUPS = {
    "Goto variants": tuple(networks.goto_name(*variant) for variant in networks.GOTO_VARIANTS),
    "Test cases of transmission": (*networks.IEEE, *networks.TRANSMISSION, "create_cigre_network_hv"),
    "Distribution and examples": tuple(
        name
        for name in (*networks.CIGRE, *networks.KERBER, *networks.LOW_VOLTAGE, *networks.EXAMPLES)
        if name != "create_cigre_network_hv"
    ),
    "Large networks": networks.LARGE,
    "Random networks": tuple(networks.RANDOM),
    "Shuffled networks": tuple(f"shuffled({name})" for name in networks.SHUFFLED_OF),
}


def main() -> int:
    """Write the page; return the exit status."""
    of_group = {group: [row for name in names for row in _rows(name)] for group, names in GROUPS.items()}
    frozen, settled = list(frozen_controls.comparisons()), list(settled_controls.settled())
    limited = [other_controllers.limited(name, networks.build(name)) for name in other_controllers.LIMITED]
    tapped = list(other_controllers.tapped())
    stored = [_stored(path.stem) for path in sorted(stored_case.FOLDER.glob("*.json"))]
    agreed = [row for rows in of_group.values() for row in rows]
    missed = [row for row in (*agreed, *frozen, *settled, *limited, *tapped) if row.misses]
    missed += [row for row in stored if not row[-1] < stored_case.LIMIT_PU]
    template = (FOLDER / "templates" / "validation.template.md").read_text(encoding="utf-8")
    page = template.format(
        versions=", ".join(f"{name} {version(name)}" for name in ("pandapower", "numpy", "scipy", "numba")),
        verdict=textwrap.fill(_headline(agreed, missed), 100 - len("**")),
        agreement="\n\n".join(f"#### {group}\n\n{_agreement_table(rows)}" for group, rows in of_group.items()),
        classes=_classes(agreed),
        frozen=_frozen_table(frozen),
        settled=_settled_table(settled),
        limited=_limited_table(limited),
        tapped=_tapped_table(tapped),
        stored=_table(
            ("Case", "Network", "Buses", "Solved by", "Largest voltage difference, pu"), stored_cells(stored)
        ),
        pi_error=f"{closed_form.links_nominal_pi_error_pu(-40 + 0j):.1e}",
    )
    (FOLDER.parent / "validation" / "validation.md").write_text(page, encoding="utf-8")
    for row in missed:
        print(row, file=sys.stderr)
    print(_headline(agreed, missed))
    return 1 if missed else 0


def _rows(name: str) -> list[Agreement]:
    print(name, file=sys.stderr)
    return agreements(name, networks.build(name))


def _headline(agreed: Sequence[Agreement], missed: Sequence[object]) -> str:
    same = sum(row.agrees for row in agreed)
    count = len({row.network for row in agreed})
    solved = [row for row in agreed if not row.ours.startswith("(")]
    operable = sum(row.operable for row in solved)
    return (
        f"{count} networks at three loads: {same} of {len(agreed)} states agree within the limits, "
        f"{len(agreed) - same} are explained below; {len(missed)} rows of this page miss. "
        f"By the check of the root {operable} of {len(solved)} solved states are operable."
    )


def below(value: float, classes: Sequence[float]) -> str:
    """Return the class of a difference, ``< 1e-10``; larger ones as they are, which is a miss."""
    if np.isnan(value):
        return ""
    for limit in classes:
        if value < limit:
            return f"< {limit:.0e}".replace("e-0", "e-")
    return f"**{value:.0e}**"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(str(cell).replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _agreement_table(rows: Sequence[Agreement]) -> str:
    head = (
        "Network",
        "Buses",
        "Gens",
        "Load",
        "Tier",
        "Voltage, pu",
        "Loading, points",
        "Residual, pu",
        "Root",
        "`runpp`",
    )
    cells = []
    for row in rows:
        first = row.load_factor == rows[0].load_factor
        name = (f"`{row.network}`", row.buses, row.gens) if first else ("", "", "")
        words = row.ours.replace("_", " ")
        cells.append((
            *name, f"{row.load_factor:g}", words, below(row.voltage_error_pu, VM_CLASSES),
            below(row.loading_error, LOADING_CLASSES), below(row.residual_pu, VM_CLASSES), _root(row),
            row.theirs + ("" if row.agrees or row.verdict in ("both unsolved", "refused") else f", {row.verdict}"),
        ))  # fmt: skip
    return _table(head, cells)


def _root(row: Agreement) -> str:
    """Return what the check of the root says of a solved state."""
    return "" if row.ours.startswith("(") else "operable" if row.operable else "**not operable**"


def _classes(rows: Sequence[Agreement]) -> str:
    found: dict[str, list[str]] = {}
    for row in rows:
        if not row.agrees:
            found.setdefault(row.verdict, []).append(f"`{row.network}` x {row.load_factor:g}")
    meaning = {
        "both unsolved": "Newton's method diverges on both sides; nothing is claimed",
        "solved by us only": "`runpp` does not converge; our voltages satisfy pandapower's own equations",
        "another root": "both satisfy pandapower's own equations, at different voltages",
        "refused": "unbalanced loads, which `runpp` would silently take as their sum; the batch engine names them",
    }
    return _table(
        ("Class", "Meaning", "States"),
        [(verdict, meaning.get(verdict, "**miss**"), ", ".join(states)) for verdict, states in found.items()],
    )


def _frozen_table(rows: Sequence[frozen_controls.Frozen]) -> str:
    head = ("Network", "State", "Outage", "Engine", "Compensator", "A: voltage, pu", "A: loading, points", "B: law, pu")
    cells, before = [], ""
    for r in rows:
        cells.append((
            "" if r.network == before else f"`{r.network}`", r.state, r.outage, r.engine, r.region,
            below(r.voltage_error_pu, VM_CLASSES), below(r.loading_error, LOADING_CLASSES),
            below(r.control_error_pu, VM_CLASSES),
        ))  # fmt: skip
        before = r.network
    return _table(head, cells)


def _settled_table(rows: Sequence[settled_controls.Settled]) -> str:
    head = ("Source, pu", "State", "Tap", "Reactors in", "Moves", "Last move after, half-hours", "Voltage held, pu",
            "Compensator, Mvar", "Outside the bands")  # fmt: skip
    return _table(
        head,
        [
            (f"{r.source_vm_pu:g}", r.state, *r.rest.positions, r.rest.moves, r.rest.half_hours,
             f"{r.rest.held_vm_pu:.4f}", f"{r.rest.q_svc_mvar:.2f}", "**yes**" if r.misses else "no")
            for r in rows
        ],
    )  # fmt: skip


def _limited_table(rows: Sequence[other_controllers.Limited]) -> str:
    head = ("Network", "Gens", "At a limit: ours", "`runpp`", "Stuck in `runpp`", "Tier", "Voltage, pu", "Verdict")
    return _table(
        head,
        [
            (f"`{r.network}`", r.gens, r.ours_at_limit, r.theirs_at_limit, r.theirs_stuck, r.ours.replace("_", " "),
             f"{r.voltage_error_pu:.0e}" if r.verdict == "runpp does not go back"
             else below(r.voltage_error_pu, VM_CLASSES), r.verdict)
            for r in rows
        ],
    )  # fmt: skip


def _tapped_table(rows: Sequence[other_controllers.Tapped]) -> str:
    head = ("Source, pu", "State", "Start", "Ours", "`DiscreteTapControl`", "Half-hours", "Voltage held, pu", "Verdict")
    return _table(
        head,
        [
            (f"{r.source_vm_pu:g}", r.state, r.start, r.ours, r.theirs, r.half_hours, f"{r.vm_pu:.4f}", r.verdict)
            for r in rows
        ],
    )


def _stored(stem: str) -> tuple[str, str, int, str, float]:
    case = stored_case.read(stem)
    result = BatchPowerFlow(stored_case.net_of(case), trafo_model="pi").solve()
    v = result.vm_pu[0] * np.exp(1j * np.radians(result.va_degree[0]))
    return stem, f"`{case.network}`", len(case.v), case.program, float(np.abs(v - case.v).max())


def stored_cells(rows: Sequence[tuple[str, str, int, str, float]]) -> list[tuple[object, ...]]:
    """Return the rows of stored cases with their difference as a class."""
    return [(*row[:-1], below(row[-1], VM_CLASSES)) for row in rows]


if __name__ == "__main__":
    sys.exit(main())
