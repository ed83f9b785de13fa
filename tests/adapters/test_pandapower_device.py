"""pandapower's controllers in the loop: the same as pandapower's own time series, and a battery by hand."""

import copy
from dataclasses import replace

import numpy as np
import pandapower as pp
import pandapower.networks as cases
import pandas as pd
import pytest
from loop_fixtures import PEAK_DAY, make_case, member, run
from pandapower.control import ConstControl, DiscreteTapControl
from pandapower.control.basic_controller import Controller
from pandapower.timeseries import DFData, OutputWriter
from pandapower.timeseries.run_time_series import run_timeseries

from twin.adapters.pandapower_device import PandapowerDevice, Place
from twin.core.errors import InputError
from twin.devices.device import DeviceNow
from twin.operation.case import under_policies, with_devices
from twin.policies.interface import HALF_HOUR, Mode

AREAS = 7


class FeederBattery(Controller):
    """Charges as ordered, within its charge; losses on the way in."""

    def __init__(self, net, storage, power_mw, efficiency):
        super().__init__(net)
        self.storage, self.power_mw, self.efficiency = storage, power_mw, efficiency
        self.signal_pu = self.followed_pu = 0.0
        self.done = False

    def time_step(self, net, time):
        self.done = False

    def is_converged(self, net):
        return self.done

    def control_step(self, net):
        row = net.storage.loc[self.storage]
        stored = row.max_e_mwh * row.soc_percent / 100.0
        wanted = self.signal_pu * self.power_mw
        p = min(max(wanted, -2.0 * stored), 2.0 * (row.max_e_mwh - stored) / self.efficiency)
        after = stored + 0.5 * (p * self.efficiency if p > 0.0 else p)
        net.storage.loc[self.storage, ["p_mw", "soc_percent"]] = p, 100.0 * after / row.max_e_mwh
        self.followed_pu = p / self.power_mw
        self.done = True


def feeder(r_ohm=1e-6):
    net = pp.create_empty_network()
    bank, street = pp.create_bus(net, 6.6), pp.create_bus(net, 6.6)
    pp.create_ext_grid(net, bank)
    pp.create_line_from_parameters(net, bank, street, 1.0, r_ohm, 1e-6, 0.0, 1.0)
    pp.create_load(net, street, 1.0, 0.2)
    pp.create_storage(net, street, 0.0, max_e_mwh=1.0, soc_percent=50.0)
    return net


def battery_device(**changes):
    net = feeder()
    control = FeederBattery(net, 0, 0.4, 0.9)
    values = {
        "name": "feeder", "net": net, "area": 2, "share": 0.1, "controlled": (("storage", 0),),
        "state": (Place("storage", 0, "soc_percent"),), "order": Place("controller", control.index, "signal_pu"),
        "followed": Place("controller", control.index, "followed_pu"),
    }  # fmt: skip
    return PandapowerDevice(**values | changes)


def now(signal, demand_mw=10.0, half_hour=0):
    signal = np.atleast_1d(np.asarray(signal, dtype=float))
    demand = np.zeros((len(signal), AREAS))
    demand[:, 2] = demand_mw
    return DeviceNow(half_hour, True, 0.5, signal, np.ones(len(signal)), demand, {}, month=7)


def test_a_battery_by_hand():
    device = battery_device()
    state = np.tile(device.initial(), (4, 1))
    after, flows = device.step(state, now([0.0, 1.0, -1.0, 0.5]))
    assert after[:, 0] == pytest.approx([50.0, 50.0 + 18.0, 50.0 - 20.0, 50.0 + 9.0])
    # the line of 1e-6 ohm loses less than 1e-7 MW
    assert flows.demand_mw[:, 2] == pytest.approx([0.0, 0.4, -0.4, 0.2], abs=1e-6)
    assert not flows.demand_mw[:, [0, 1, 3, 4, 5, 6]].any()
    assert flows.losses_mw == pytest.approx([0.0, 0.04, 0.0, 0.02], abs=1e-6)
    assert flows.stored_mwh == pytest.approx([0.5, 0.68, 0.3, 0.59])
    assert flows.clipped.tolist() == [0, 0, 0, 0]


def test_a_full_battery_is_counted_as_clipped_and_rows_do_not_know_each_other():
    device = battery_device()
    rows = np.array([[99.0], [50.0]])
    after, flows = device.step(rows, now([1.0, 1.0]))
    assert flows.clipped.tolist() == [1, 0]
    assert after[0, 0] == pytest.approx(100.0)
    for r in range(2):
        alone, flow = device.step(rows[[r]], now([1.0]))
        assert np.array_equal(alone[0], after[r])
        assert np.array_equal(flow.demand_mw[0], flows.demand_mw[r])


def test_losses_of_the_feeder_are_in_the_change_of_demand():
    wide, thin = battery_device(), battery_device()
    thin.net.line["r_ohm_per_km"] = 0.5
    extra = [device.step(device.initial()[None], now([1.0]))[1].demand_mw[0, 2] for device in (wide, thin)]
    before, after = 1.0, 1.4  # 10 % of 10 MW, and the battery's 0.4 MW; 0.2 Mvar; at about 6.6 kV
    loss = 0.5 / 6.6**2 * ((after**2 + 0.2**2) - (before**2 + 0.2**2))
    assert extra[1] - extra[0] == pytest.approx(loss, rel=0.05)


def test_the_template_is_never_changed():
    device = battery_device()
    before = copy.deepcopy(device.net.storage)
    device.step(device.initial()[None], now([1.0]))
    pd.testing.assert_frame_equal(device.net.storage, before)
    assert device.net.controller.object.loc[0].signal_pu == 0.0


def cigre(profile):
    """CIGRE's medium voltage network with all its resources; tap changers of pandapower, batteries by a profile."""
    net = cases.create_cigre_network_mv(with_der="all")
    net.storage["max_e_mwh"], net.storage["soc_percent"] = 1.0, 50.0
    net.trafo[["tap_side", "tap_neutral", "tap_min", "tap_max", "tap_step_percent", "tap_pos"]] = (
        "hv", 0, -9, 9, 1.25, 0,
    )  # fmt: skip
    net.trafo["tap_changer_type"] = "Ratio"
    DiscreteTapControl(net, 0, 1.00, 1.02)
    ConstControl(net, "storage", "p_mw", net.storage.index, list(profile.columns), DFData(profile))
    return net


def test_a_network_of_pandapower_runs_as_in_its_own_time_series():
    hours = np.arange(48) / 2.0
    profile = pd.DataFrame({0: 0.3 * np.sin(hours / 4.0), 1: 0.2 * np.cos(hours / 4.0)})
    share = 0.8 + 0.2 * np.sin(hours / 3.0)
    net = cigre(profile)
    device = PandapowerDevice(
        "cigre", cigre(profile), 2, 1.0, (("storage", 0), ("storage", 1)), (Place("trafo", 0, "tap_pos"),)
    )
    steps = range(16, 28)
    load = net.load[["p_mw", "q_mvar"]].to_numpy().copy()
    for k, column in enumerate(("p_mw", "q_mvar")):
        of_time = pd.DataFrame(share[:, None] * load[:, k])
        names = list(of_time.columns)
        ConstControl(net, "load", column, net.load.index, names, DFData(of_time), order=-1)
    writer = OutputWriter(net, output_path=None, log_variables=[("res_ext_grid", "p_mw"), ("trafo", "tap_pos")])
    run_timeseries(net, steps, verbose=False, numba=False)
    theirs = writer.output["res_ext_grid.p_mw"].iloc[:, 0]

    state, found, taps = device.initial()[None], [], []
    for t in steps:
        total = share[t] * load[:, 0].sum()
        state, flows = device.step(state, now([0.0], total, t))
        without = device._with_demand(total)
        without.storage["in_service"] = False
        pp.runpp(without, numba=False)
        found.append(flows.demand_mw[0, 2] + without.res_ext_grid.p_mw.iloc[0])
        taps.append(state[0, 0])
    # both end within pandapower's tolerance of 1e-8 MVA a bus
    assert found == pytest.approx(theirs.to_list(), abs=1e-6)
    assert taps == writer.output["trafo.tap_pos"].iloc[:, 0].to_list()
    assert len(set(taps)) > 1


class Orders:
    """Charges the feeder's battery all the time."""

    cadence = HALF_HOUR

    def decide(self, view):
        dispatch = view.plan(Mode.IDLE)
        dispatch.device_pu[:, view.devices.index("feeder")] = 1.0
        return dispatch


def test_in_the_loop_the_demand_of_the_area_rises_by_what_the_feeder_takes(goto_year):
    inputs = goto_year.days(PEAK_DAY).half_hours(4)
    case = make_case(inputs, [member(inputs)])
    area = list(case.model.areas.index)[2]
    device = battery_device()
    with_feeder = under_policies(with_devices(case, [device]), 0, [Orders(), case.members[0].policy])
    _, records = run(with_feeder)
    rise = np.array([record.demand_mw[0] - record.demand_mw[1] for record in records])
    k = list(case.model.areas.index).index(area)
    # 0.4 MW until the battery is full after 2.8 half-hours
    assert rise[:, k] == pytest.approx([0.4, 0.4, 0.5 / 0.9 / 0.5 - 0.8, 0.0], abs=1e-5)
    assert [int(record.flexible.clipped[0].sum()) for record in records] == [0, 0, 1, 1]
    assert not np.delete(rise, k, axis=1).any()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"share": 1.2}, "not a share"),
        ({"state": (Place("storage", 3, "soc_percent"),)}, "no such place"),
        ({"order": Place("controller", 0, "wish")}, "no such place"),
        ({"controlled": (("sgen", 0),)}, "no such place"),
    ],
)
def test_what_does_not_fit_the_net_is_told(changes, text):
    with pytest.raises(InputError, match=text):
        battery_device(**changes)


def test_a_feeder_without_a_solution_stops_with_its_place():
    device = battery_device()
    with pytest.raises(InputError, match="device feeder, half-hour 7"):
        device.step(device.initial()[None], now([0.0], 1e9, 7))


def test_two_devices_of_one_name_are_refused(goto_year):
    inputs = goto_year.days(PEAK_DAY).half_hours(1)
    case = make_case(inputs, [member(inputs)])
    device = battery_device()
    with pytest.raises(InputError, match="same name"):
        with_devices(with_devices(case, [device]), [replace(device)])
