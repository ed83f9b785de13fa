"""A network of one's own in the loop (own_network.toml says which, and what its parts are for), then in pandapower."""

from pathlib import Path

from pandapower.timeseries import OutputWriter
from pandapower.timeseries.run_time_series import run_timeseries

from studies.api import load_case, run_case
from twin.adapters.time_series import RUN_OPTIONS, LoopControl, loop_net
from twin.metrics.kpis import congestion_mw

case = load_case(Path(__file__).with_name("own_network.toml"), days=(60, 60))

ledger = run_case(case)[0]["ledger"]
cut_mwh = case.step_hours * congestion_mw(ledger).groupby(ledger["element"], observed=True).sum()
for element, mwh in cut_mwh.items():
    print(f"{mwh:.2f} MWh cut because of {element}")

net = loop_net(case)
LoopControl(net, case)
output = OutputWriter(net, output_path=None, log_variables=[("res_line", "loading_percent"), ("res_bus", "vm_pu")])
run_timeseries(net, range(len(case.index)), verbose=False, **RUN_OPTIONS)
print(f"highest loading in pandapower: {output.output['res_line.loading_percent'].max().max():.2f} %")
print(f"lowest voltage in pandapower: {output.output['res_bus.vm_pu'].min().min():.4f} pu")
