"""The simplest policies: the same order for all half-hours."""

from __future__ import annotations

from dataclasses import dataclass

from twin.policies.interface import DAY, Cadence, Dispatch, Mode, View


@dataclass(frozen=True)
class Idle:
    """`none`: batteries rest, PV feeds in what the site does not use."""

    cadence: Cadence = DAY

    def decide(self, view: View) -> Dispatch:
        """Order nothing."""
        return view.plan(Mode.IDLE)


@dataclass(frozen=True)
class SelfConsumption:
    """`self_consumption`: charge any surplus at once, cover the site's own demand later, feed in the rest."""

    cadence: Cadence = DAY

    def decide(self, view: View) -> Dispatch:
        """Order self-consumption."""
        return view.plan(Mode.SELF_CONSUMPTION)


@dataclass(frozen=True)
class HoldBehindMeter:
    """`hold_behind_meter`: self-consumption and no feed-in at all."""

    cadence: Cadence = DAY

    def decide(self, view: View) -> Dispatch:
        """Order self-consumption without feed-in."""
        return view.plan(Mode.SELF_CONSUMPTION, export_limit_pu=0.0)
