"""The folder in which goldens are made; runs that several goldens look at are made once."""

from pathlib import Path
from typing import Any

from tests.golden.command_line import expect
from tests.golden.study_files import variant, write_study

QUICK_DAYS = "355:355"
"""21 March of fiscal 2030's synthetic year: congestion, spring sun and cuts for the area's balance."""
SPRING_DAYS = "355:357"
"""Two days more, on which only the area's balance cuts."""


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

    def goto_2030(self) -> Path:
        """Return all scenarios of goto_2030 at one link, without and with inter-trip, and two tries one at a time."""
        study = variant("goto_2030", {"sweep": {"grid": {"conductor_mm2": [240]}}}, without=("onset",))
        study["onset"] = {
            "grid": {"parameters": {"svc_set_vm_pu": [0.97]}},
            "fleet": {"firmness": ["all_non_firm"]},
        }
        return self.run("goto_2030", study, SPRING_DAYS, jobs=2)

    def quick(self) -> Path:
        """Return the results of two scenarios over a day, without counterfactual twins."""
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
    study["compare"] = {"reference": kept[0], "uncontrolled": kept[0], "counterfactuals": False}
    return study
