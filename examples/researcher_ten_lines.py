"""Policy, loop and result in ten lines: an own policy on two windy days, beside no control and holding all."""

from own_policy import OwnPolicy

from studies.api import load_case, run_case
from twin.metrics.kpis import key_figures
from twin.metrics.series import series_of_tables
from twin.operation.case import under_policies
from twin.policies.catalogue import shipped_policy

SHOWN = ("energy_used_mwh", "curtailed_congestion_mwh", "curtailed_behind_the_meter_mwh")
case = load_case("goto_2030", scenario="new_pv_held", days=(355, 356), settings={"fleet.firmness": "all_non_firm"})
names = ("none", "hold_behind_meter", "own")
policies = [*map(shipped_policy, names[:2]), OwnPolicy()]
for name, tables in zip(names, run_case(under_policies(case, 0, policies)), strict=True):
    used_mwh, cut_mwh, held_mwh = key_figures(series_of_tables(tables, case.step_hours), SHOWN).values()
    print(f"{name:18} used {used_mwh:8.2f} MWh, congestion {cut_mwh:6.2f} MWh, behind the meter {held_mwh:5.2f} MWh")
