"""Compile the kernels once, before many processes would each wait for the same compiler.

``python -m studies.kernels`` is the last step of ``make setup``. What it leaves out is compiled when it is first
called, as everything is where the set-up did not run: the answers are the same.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

WINDY_DAYS = (354, 355)
"""A windy day of the default study: the link is congested, so that controls, caps and headroom are searched for."""


def main() -> None:
    """Compile the general power flow and the closed loop beside each other."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for done in [pool.submit(flows_and_outages), pool.submit(closed_loop)]:
            done.result()


def flows_and_outages() -> None:
    """Solve a small network and its outages, with devices that hold a voltage."""
    import pandapower.networks as networks

    from twin import SecurityAnalysis
    from twin.security.headroom.buses import headroom

    net = networks.case14()
    SecurityAnalysis(net, enforce_q_lims=True).run({})
    headroom(net, {}, buses=[4])


def closed_loop() -> None:
    """Run days of the default study's scenario with every kind of device, judge outages, look for inter-trip sets."""
    import numpy as np

    from network_models.model import grid_of
    from studies.api import load_case
    from twin.metrics.member_tables import write_member_tables
    from twin.security.intertrip import intertrip

    intertrip(grid_of("goto", 2030), {}, cap_mw=14.0)
    settings = {"fleet.demand_response": "plan", "operation.criterion": "n-1-intertrip"}
    case = load_case("goto_2030", scenario="new_pv_congestion_aware", days=WINDY_DAYS, settings=settings)
    with TemporaryDirectory() as place:
        write_member_tables(case, [Path(place)], [np.zeros(0, dtype=np.int64)])


if __name__ == "__main__":
    main()
