"""A new kind of device: its own file, and a line in the place that makes devices from a study."""

from dataclasses import dataclass

import numpy as np
import pytest

from studies.api import load_case, run_case
from studies.study.devices import DEVICE_KINDS
from studies.study.file.schema import Study
from twin.core.errors import InputError
from twin.core.tables import Tables
from twin.devices.device import Device, DeviceFlows, DeviceNow
from twin.network.model import GridModel
from twin.operation.case import under_policies
from twin.policies.interface import HALF_HOUR, Mode

STUDY = """
schema_version = 1
name = "new_device"
title_en = "An ice store"
[period]
fiscal_year = 2030
[grid]
year = 2030
[operation]
area_level_percent = 6.0
[fleet]
new_pv = true
[fleet.devices.ice_store]
power_mw = 0.2
store_mwh = 0.5
"""


@dataclass(frozen=True)
class IceStore:
    """First file, `twin/devices/ice_store.py`: makes ice ahead as ordered, and lives on it."""

    area: int
    power_mw: float
    store_mwh: float
    name: str = "ice_store"
    is_storage: bool = False

    def initial(self) -> np.ndarray:
        return np.zeros(1)

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, DeviceFlows]:
        ordered_mw = now.signal_pu * self.power_mw
        held = state[:, 0]
        done_mw = np.clip(ordered_mw, -held / now.step_hours, (self.store_mwh - held) / now.step_hours)
        after = held + now.step_hours * done_mw
        demand_mw = done_mw[:, None] * (np.arange(now.area_demand_mw.shape[1]) == self.area)
        clipped = (np.abs(done_mw - ordered_mw) > 1e-9).astype(np.int64)
        return after[:, None], DeviceFlows(demand_mw, np.zeros_like(after), after, np.zeros_like(after), clipped)


def ice_store(study: Study, tables: Tables, model: GridModel) -> tuple[Device, ...]:
    """Second file, `studies/study/devices.py`: this maker, and its line in `DEVICE_KINDS`."""
    return (IceStore(model.areas.index.get_loc("fukue"), **study.fleet.devices["ice_store"]),)


class IceAtNoon:
    cadence = HALF_HOUR

    def decide(self, view):
        plan = view.plan(Mode.IDLE)
        noon, evening = 20 <= view.half_hour_of_day < 30, view.half_hour_of_day >= 34
        plan.device_pu[:, view.devices.index("ice_store")] = 1.0 if noon else -1.0 if evening else 0.0
        return plan


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setitem(DEVICE_KINDS, "ice_store", ice_store)
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def test_a_new_kind_of_device_runs_a_day(study):
    case = load_case(study, days=(36, 36))
    assert case.fleet.device_names == ("ice_store",)
    tables = run_case(under_policies(case, 0, [IceAtNoon()]))[0]
    ice = tables["devices"].query("device == 'ice_store'")
    assert len(ice) == 48
    assert ice["stored_mwh"].max() == pytest.approx(0.5)
    assert ice["stored_mwh"].to_numpy() == pytest.approx(0.5 * ice["demand_mw"].cumsum().to_numpy())
    assert ice["clipped"].sum() == tables["system"]["clipped_commands"].sum() > 0
    assert tables["system"]["flexible_demand_mw"].to_numpy() == pytest.approx(ice["demand_mw"].to_numpy())
    usual = run_case(case)[0]["system"]["demand_mw"].to_numpy()
    assert tables["system"]["demand_mw"].to_numpy() - usual == pytest.approx(ice["demand_mw"].to_numpy(), abs=1e-9)


def test_a_kind_that_nobody_makes_is_refused(study):
    study.write_text(STUDY.replace("ice_store", "ice_cellar"), encoding="utf-8")
    with pytest.raises(InputError, match="ice_cellar") as caught:
        load_case(study, days=(36, 36))
    assert [problem.accepted for problem in caught.value.problems] == ["ice_store"]
