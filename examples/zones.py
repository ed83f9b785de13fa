"""Three orders of cuts and a day of an operator who trims and releases: python examples/zones.py."""

import numpy as np

from twin.operation.zones.cuts import RULES
from twin.operation.zones.operator import Zone, manage

contract_mw = np.array([2.0, 3.0, 5.0])  # the first was connected last
output_mw = np.array([[1.0, 3.0, 4.0]])
for name, rule in RULES.items():
    cut = rule(output_mw, contract_mw, np.ones(3), np.array([2.0]))
    print(f"{name:9s} cuts {', '.join(f'{value:.2f}' for value in cut[0])} MW")

zone = Zone("pocket", (0, 1, 2), "lifo", trip=1.3, release=0.9, release_mw=1.0)
wind = np.clip(np.sin(np.linspace(0.0, 3.0, 24)), 0.0, 1.0)
day = manage(
    zone, contract_mw, effect=np.ones(3), beside_mw=6.0 * wind, potential_mw=wind[:, None] * contract_mw,
    limit_mw=np.full((24, 1), 12.0),
)  # fmt: skip
for hour, (mw, status) in enumerate(zip(day.measured_mw[:, 0], day.status[:, 0], strict=True)):
    print(f"{hour:2d} h  {mw:5.2f} MW  status {status:g}")
