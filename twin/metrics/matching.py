"""The ledger of matching: which plant's energy and certificate went to which buyer in which step, and who paid what.

Energies are whole watt-hours, so that sums agree to the last one. Supply and demand of a step are laid end to end on
one line each, sellers and buyers in their order; what lies above each other is matched, and what no buyer asks for is
the market's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.core.errors import Problem, raise_if_any

MARKET = "market"
WH_PER_MWH = 1_000_000
WH_PER_KWH = 1000
NOBODY_ASKS_WH = np.iinfo(np.int64).max // 4
"""Demand of the market: more than any supply."""
FIT, NON_FIT, SMALL = "FIT", "non-FIT", "small PV"
"""Classes of certificates; small PV behind the meter has none."""
EVERY_PERCENT = 100.0


@dataclass(frozen=True)
class Seller:
    """A plant, or the small PV of an area.

    Attributes
    ----------
    name : str
    scheme : str
        ``FIT FIP non-FIT``, or `SMALL`.
    wh : numpy.ndarray, (T,) int
        Fed in, not negative.
    """

    name: str
    scheme: str
    wh: np.ndarray

    @property
    def certificate(self) -> str:
        """Class of its certificates: those of FIP plants are non-FIT."""
        return {"FIT": FIT, SMALL: SMALL}.get(self.scheme, NON_FIT)


@dataclass(frozen=True)
class Buyer:
    """Who takes energy, first those of the lowest rank.

    Attributes
    ----------
    name : str
    is_local : bool
    rank : int
    wh : numpy.ndarray, (T,) int
        Demand, not negative.
    energy_price : float, optional
        JPY/kWh; None: the area price.
    energy_adder, certificate_price, fund_price : float
        JPY/kWh beside it: on the energy, for the certificate, into the region's fund.
    """

    name: str
    is_local: bool
    rank: int
    wh: np.ndarray
    energy_price: float | None = None
    energy_adder: float = 0.0
    certificate_price: float = 0.0
    fund_price: float = 0.0


@dataclass(frozen=True)
class Contract:
    """A share of a plant's output, energy and certificate, that a buyer has bought before any matching."""

    seller: str
    buyer: str
    share_percent: float


def whole_wh(mw: np.ndarray, hours: float) -> np.ndarray:
    """Return the energy of a power in each step, in whole Wh; negative power counts as none."""
    found: np.ndarray = np.rint(np.maximum(mw, 0.0) * hours * WH_PER_MWH).astype(np.int64)
    return found


def matched(supply_wh: np.ndarray, demand_wh: np.ndarray) -> np.ndarray:
    """Return what each seller gives each buyer in each step, the market last.

    Parameters
    ----------
    supply_wh : numpy.ndarray, (T, S) int
        Sellers in the order in which they are taken.
    demand_wh : numpy.ndarray, (T, B) int
        Buyers in the order in which they are served.

    Returns
    -------
    numpy.ndarray
        (T, S, B + 1) int.
    """
    market = np.full((len(demand_wh), 1), NOBODY_ASKS_WH)
    offers, asks = (_ends(values) for values in (supply_wh, np.concatenate([demand_wh, market], axis=1)))
    low = np.maximum(offers[0][:, :, None], asks[0][:, None, :])
    high = np.minimum(offers[1][:, :, None], asks[1][:, None, :])
    found: np.ndarray = np.maximum(high - low, 0)
    return found


def _ends(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where each value begins and ends on a line on which they lie end to end."""
    end = np.cumsum(values, axis=1)
    return end - values, end


def allocation(sellers: Sequence[Seller], buyers: Sequence[Buyer], contracts: Sequence[Contract] = ()) -> np.ndarray:
    """Return what each seller gives each buyer, contracts first, then by rank; (T, S, B + 1) Wh in the given orders.

    Raises
    ------
    InputError
        With all problems: a plant sold by more than a whole, names that are not there, buyers without demand.
    """
    raise_if_any(problems_of(sellers, buyers, contracts))
    supply = np.stack([seller.wh for seller in sellers], axis=1)
    demand = np.stack([buyer.wh for buyer in buyers], axis=1)
    fixed = np.zeros((*supply.shape, len(buyers) + 1), dtype=np.int64)
    rows = {seller.name: at for at, seller in enumerate(sellers)}
    columns = {buyer.name: at for at, buyer in enumerate(buyers)}
    for contract in contracts:
        s, b = rows[contract.seller], columns[contract.buyer]
        fixed[:, s, b] += np.floor(supply[:, s] * (contract.share_percent / EVERY_PERCENT)).astype(np.int64)
    left = supply - fixed.sum(axis=2)
    asked = np.maximum(demand - fixed.sum(axis=1)[:, :-1], 0)
    order = np.argsort([buyer.rank for buyer in buyers], kind="stable")
    found = matched(left, asked[:, order])
    fixed[:, :, [*order.tolist(), len(buyers)]] += found
    return fixed


def problems_of(sellers: Sequence[Seller], buyers: Sequence[Buyer], contracts: Sequence[Contract]) -> Iterator[Problem]:
    """Yield what makes a matching impossible or would use a certificate twice."""
    if not any(buyer.is_local for buyer in buyers):
        seen, repair = ", ".join(buyer.name for buyer in buyers), "add the local customers, or write is_local = true"
        yield Problem("no buyer is local", "buyers.csv, column is_local", seen, "at least one local buyer", repair)
    for buyer in buyers:
        if not buyer.wh.any():
            yield Problem("the buyer has no demand", f"buyers.csv, {buyer.name}", repair="give yearly_mwh above 0")
    names = {seller.name for seller in sellers}
    for contract in contracts:
        where = f"supply_contracts.csv, {contract.seller} to {contract.buyer}"
        if contract.seller not in names:
            yield Problem("the plant is no seller of this ledger", where, contract.seller, ", ".join(sorted(names)))
        if contract.buyer not in {buyer.name for buyer in buyers}:
            yield Problem("there is no such buyer", where, contract.buyer, ", ".join(b.name for b in buyers))
    sold: dict[str, float] = {}
    for contract in contracts:
        sold[contract.seller] = sold.get(contract.seller, 0.0) + contract.share_percent
    for name, percent in sold.items():
        if percent > EVERY_PERCENT:
            accepted = "at most 100 % in all contracts of a plant"
            what = "certificates are sold twice: more than the whole output is under contract"
            yield Problem(what, f"supply_contracts.csv, {name}", f"{percent:g} %", accepted, "lower a share_percent")


def ledger(
    time: pd.DatetimeIndex, sellers: Sequence[Seller], buyers: Sequence[Buyer], wh: np.ndarray,
    area_price: np.ndarray, market_certificate_price: float,
) -> pd.DataFrame:  # fmt: skip
    """Return a row for each step, seller and buyer between whom energy passes.

    Parameters
    ----------
    time : pandas.DatetimeIndex, (T,)
    sellers, buyers : sequence
    wh : numpy.ndarray, (T, S, B + 1)
        From `allocation`.
    area_price : numpy.ndarray, (T,)
        JPY/kWh.
    market_certificate_price : float
        JPY/kWh of what goes to the market with a non-FIT certificate.

    Returns
    -------
    pandas.DataFrame
        ``time seller scheme certificate buyer wh energy_jpy certificate_jpy fund_jpy``. Small PV is paid under its
        own tariffs (docs/concepts/value.md): no money stands beside its energy here. Certificates of FIT plants that go
        to the market stay with the levy fund.
    """
    t, s, b = np.nonzero(wh)
    kwh = wh[t, s, b] / WH_PER_KWH
    names = [*(buyer.name for buyer in buyers), MARKET]
    prices = np.array([[np.nan if x.energy_price is None else x.energy_price, x.energy_adder] for x in buyers])
    fixed, adder = np.append(prices[:, 0], np.nan), np.append(prices[:, 1], 0.0)
    of_fund = np.append([buyer.fund_price for buyer in buyers], 0.0)
    classes = np.array([seller.certificate for seller in sellers])
    of_class = np.array([[x.certificate_price for x in buyers] + [market_certificate_price if c == NON_FIT else 0.0]
                         for c in classes])  # fmt: skip
    is_priced = classes[s] != SMALL
    energy = np.where(np.isnan(fixed[b]), area_price[t], fixed[b]) + adder[b]
    return pd.DataFrame(
        {
            "time": time[t],
            "seller": np.array([seller.name for seller in sellers])[s],
            "scheme": np.array([seller.scheme for seller in sellers])[s],
            "certificate": classes[s],
            "buyer": np.array(names)[b],
            "wh": wh[t, s, b],
            "energy_jpy": np.where(is_priced, kwh * energy, 0.0),
            "certificate_jpy": np.where(is_priced, kwh * of_class[s, b], 0.0),
            "fund_jpy": np.where(is_priced, kwh * of_fund[b], 0.0),
        }
    )


def payments_of(rows: pd.DataFrame, buyers: Sequence[Buyer]) -> pd.DataFrame:
    """Return who pays whom for the rows of a ledger: ``item payer receiver jpy``, one row an item and pair.

    Energy of FIT plants is bought from the levy fund, which pays the plants their FIT price (in the run's payments);
    so are their certificates. Buyers pay the region's fund.
    """
    owner = np.where(rows["certificate"] == FIT, "levy fund", "plant owners")
    parts = [
        pd.DataFrame({"item": item, "payer": rows["buyer"], "receiver": receiver, "jpy": rows[column]})
        for item, column, receiver in (
            ("energy", "energy_jpy", owner),
            ("certificate", "certificate_jpy", owner),
            ("fund", "fund_jpy", "region's fund"),
        )
    ]
    joined = pd.concat(parts, ignore_index=True)
    return joined[joined["jpy"] != 0.0].groupby(["item", "payer", "receiver"], sort=True)["jpy"].sum().reset_index()


def figures(
    rows: pd.DataFrame, demand_wh: np.ndarray, buyers: Sequence[Buyer], values: Mapping[str, float]
) -> dict[str, float]:
    """Return the key figures of a ledger.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `ledger`.
    demand_wh : numpy.ndarray, (T, B)
    buyers : sequence of Buyer
    values : mapping of str to float
        ``emission_factor`` (kg/kWh).

    Returns
    -------
    dict of str to float
        Shares in %, NaN where nothing is supplied; money in JPY.
    """
    local = [buyer.name for buyer in buyers if buyer.is_local]
    asked = float(demand_wh[:, [buyer.is_local for buyer in buyers]].sum())
    generated, to_local = float(rows["wh"].sum()), float(rows.loc[rows["buyer"].isin(local), "wh"].sum())
    with_certificate = rows[rows["certificate"] != SMALL]
    used = float(with_certificate.loc[with_certificate["buyer"] != MARKET, "wh"].sum())
    paid = rows.loc[rows["buyer"].isin(local), ["energy_jpy", "certificate_jpy"]].sum().sum()
    fund = float(rows["fund_jpy"].sum())
    return {
        "generated_mwh": generated / WH_PER_MWH,
        "local_mwh": to_local / WH_PER_MWH,
        "partner_mwh": float(rows.loc[~rows["buyer"].isin([*local, MARKET]), "wh"].sum()) / WH_PER_MWH,
        "market_mwh": float(rows.loc[rows["buyer"] == MARKET, "wh"].sum()) / WH_PER_MWH,
        "local_demand_mwh": asked / WH_PER_MWH,
        "local_use_percent": 100.0 * to_local / generated if generated else float("nan"),
        "local_supply_percent": 100.0 * to_local / asked if asked else float("nan"),
        "local_supply_of_year_percent": 100.0 * min(generated, asked) / asked if asked else float("nan"),
        "certificates_used_mwh": used / WH_PER_MWH,
        "co2_avoided_t": used / WH_PER_MWH * values["emission_factor"],
        "fund_jpy": fund,
        "local_payments_jpy": float(paid),
    }


def kept(found: Mapping[str, float], local_ownership_percent: float, small_pv_jpy: float) -> dict[str, float]:
    """Return what of the payments stays in the municipality, JPY.

    Parameters
    ----------
    found : mapping of str to float
        From `figures`: local buyers' payments to plants, the region's fund.
    local_ownership_percent : float
        Part of the plants' income that stays.
    small_pv_jpy : float
        What sites and retailer pay for small PV under its own tariffs; all of it stays.
    """
    of_plants = found["local_payments_jpy"] * local_ownership_percent / EVERY_PERCENT
    return {"small_pv_jpy": small_pv_jpy, "kept_jpy": of_plants + found["fund_jpy"] + small_pv_jpy}


def imbalance(actual_wh: np.ndarray, planned_wh: np.ndarray, spread_jpy_per_kwh: float) -> dict[str, float]:
    """Return what generation is above and below its plan over all steps, MWh, and what that costs, JPY.

    Parameters
    ----------
    actual_wh, planned_wh : numpy.ndarray, (T,) int
    spread_jpy_per_kwh : float
        By how much a kWh off the plan is settled worse than at the area price.
    """
    apart = actual_wh - planned_wh
    above, below = np.maximum(apart, 0).sum(), np.maximum(-apart, 0).sum()
    return {
        "above_plan_mwh": float(above) / WH_PER_MWH,
        "below_plan_mwh": float(below) / WH_PER_MWH,
        "imbalance_jpy": float(above + below) / WH_PER_KWH * spread_jpy_per_kwh,
    }
