"""The folder in which goldens are made; runs that several goldens look at are made once."""

from pathlib import Path
from typing import Any

from tests.golden.command_line import expect
from tests.golden.study_files import variant, write_study

QUICK_DAYS = "355:355"
"""21 March of fiscal 2030's synthetic year: congestion, spring sun and cuts for the area's balance."""


class Workplace:
    """A folder with study files and runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._runs: set[str] = set()

    def run(self, name: str, table: dict[str, Any], days: str, *options: object, jobs: int = 1) -> Path:
        """Return the results of a study; a run that was made before is not made again."""
        out = self.folder / "runs" / name
        if name not in self._runs:
            study = write_study(self.folder / f"{name}.toml", table)
            expect(self.folder, "run", study.name, "--days", days, "--jobs", jobs, "--out", f"runs/{name}", *options)
            self._runs.add(name)
        return out

    def quick(self) -> Path:
        """Return the results of two scenarios over a day."""
        return self.run("quick", quick_study(), QUICK_DAYS)

    def quick_with_more_demand(self) -> Path:
        """Return the same with a tenth more demand."""
        study = quick_study()
        study["fleet"] = {"demand_factor": 1.1}
        return self.run("quick_more", study, QUICK_DAYS)


def quick_study() -> dict[str, Any]:
    """Return goto_2030 with two scenarios at one link."""
    kept = ("plan_without_new_pv", "new_pv_congestion_aware")
    study = variant("goto_2030", {}, without=("onset",))
    study["scenario"] = {name: study["scenario"][name] for name in kept}
    study["sweep"] = {"grid": {"conductor_mm2": [240]}}
    study["compare"] = {"reference": kept[0], "uncontrolled": kept[0]}
    return study
