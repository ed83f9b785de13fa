"""The data dictionary: every KPI and every table column that crosses a package border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sign = Literal["any", "not negative"]


@dataclass(frozen=True)
class Quantity:
    """A named number: its unit, sign and meaning in both languages."""

    name: str
    unit: str
    sign: Sign
    meaning: str
    meaning_ja: str


def _quantities(sign: Sign, unit: str, rows: dict[str, tuple[str, str]]) -> dict[str, Quantity]:
    return {name: Quantity(name, unit, sign, english, japanese) for name, (english, japanese) in rows.items()}


CUT_CAUSES = (
    "unavailable",
    "behind_the_meter",
    "area_balance",
    "congestion_n0",
    "congestion_n1",
    "congestion_firm",
    "voltage",
)
"""Causes in the ledger's order; the order is a convention (design section 5)."""

CONGESTION_CAUSES = ("congestion_n0", "congestion_n1", "congestion_firm")

KPIS: dict[str, Quantity] = {
    **_quantities(
        "not negative",
        "MWh",
        {
            "demand_mwh": ("demand, gross of what sites cover themselves", "需要電力量(自家消費分を含む)"),
            "available_mwh": ("energy that the plants and sites could have produced", "発電可能電力量"),
            "delivered_mwh": ("renewable energy delivered to load, battery or grid", "再エネ供給電力量"),
            "diesel_mwh": ("energy of stand-by diesels", "内燃力(予備)発電電力量"),
            "import_mwh": ("energy taken from the mainland at 220 kV", "本土からの受電電力量"),
            "export_mwh": ("energy sent to the mainland at 220 kV", "本土への送電電力量"),
            "losses_mwh": ("network losses (branches and shunts)", "系統損失電力量"),
            "battery_losses_mwh": ("losses of batteries", "蓄電池損失電力量"),
            "unsupplied_mwh": ("demand not supplied", "供給支障電力量"),
            "curtailed_congestion_n0_mwh": (
                "curtailed for congestion in the intact grid",
                "送電混雑(N-0)による出力制御量",
            ),
            "curtailed_congestion_n1_mwh": (
                "curtailed so that an outage would not overload",
                "送電混雑(N-1)による出力制御量",
            ),
            "curtailed_congestion_firm_mwh": (
                "congestion cut at firm plants after all non-firm ones",
                "送電混雑によるファーム電源の出力制御量",
            ),
            "curtailed_area_balance_mwh": (
                "curtailed for the balance of the Kyushu area",
                "需給バランス制約による出力制御量",
            ),
            "settled_area_balance_mwh": (
                "area-balance cut as settled (proxy control included)",
                "需給バランス制約の精算上の出力制御量",
            ),
            "curtailed_voltage_mwh": ("curtailed for voltage", "電圧制約による出力制御量"),
            "curtailed_behind_the_meter_mwh": ("throttled by the sites' own inverters", "需要家側での抑制量"),
            "unavailable_mwh": ("lost because plants were out of order", "設備停止による損失量"),
            "residual_overload_mwh": ("overload that no permitted measure removed", "解消できない過負荷量"),
            "perfect_operator_curtailed_congestion_mwh": (
                "congestion cut under an operator with perfect foresight",
                "混雑制御量(完全予測の系統運用者)",
            ),
            "forecast_operator_curtailed_congestion_mwh": (
                "congestion cut under an operator who fixes caps ahead from a forecast",
                "混雑制御量(予測に基づく系統運用者)",
            ),
            "site_export_mwh": ("PV and batteries of the sites fed to the grid", "需要家からの逆潮流電力量"),
            "average_fleet_site_export_mwh": (
                "the same, before any cut, if each group of sites were as many average sites",
                "需要家群を平均的な需要家で代表させた場合の逆潮流電力量(制御前)",
            ),
            "site_export_in_area_balance_mwh": (
                "part of it in half-hours with an area-balance order",
                "需給バランス制約による制御コマでの需要家からの逆潮流電力量",
            ),
        },
    ),
    **_quantities(
        "any",
        "MWh",
        {
            "self_consumption_mwh": (
                "demand of the sites less what they take from the grid: own PV, direct or through the battery, less "
                "what batteries take from the grid",
                "自家消費電力量(需要家の需要 - 買電。蓄電池の系統からの充電・待機電力を控除)",
            ),
            "average_fleet_self_consumption_mwh": (
                "the same if each group of sites were as many average sites",
                "需要家群を平均的な需要家で代表させた場合の自家消費電力量",
            ),
            "stored_change_mwh": ("change of stored energy, first to last half-hour", "蓄電残量の変化"),
            "congestion_masked_by_area_balance_mwh": (
                "congestion cut with area balance switched off, minus with it on",
                "需給バランス制約に隠れた混雑制御量",
            ),
            "net_benefit_mwh": (
                "cuts avoided at others in Goto - extra loss at the sites - extra battery losses, against the "
                "reference",
                "基準シナリオに対する正味便益",
            ),
            "net_benefit_of_control_mwh": (
                "the same against the uncontrolled scenario with the same PV",
                "制御なしシナリオに対する正味便益",
            ),
            "small_pv_kept_off_in_area_balance_mwh": (
                "feed-in of sites avoided in half-hours with an area-balance order, against the uncontrolled scenario",
                "需給バランス制約コマで抑えた小規模太陽光の逆潮流(制御なしシナリオ比)",
            ),
            "energy_used_mwh": (
                "delivered energy less losses of batteries and shifted demand",
                "利用電力量(蓄電池・需要応動の損失控除後)",
            ),
            "flexible_losses_mwh": ("lost by shifting demand", "需要応動による損失電力量"),
            "energy_balance_mismatch_mwh": ("sum of both sides of the energy identity", "電力量収支の誤差"),
        },
    ),
    **_quantities(
        "any",
        "JPY",
        {
            "net_supply_jpy": (
                "delivered energy less what batteries take and demand is moved up, at the half-hour's area price",
                "正味供給電力量のエリアプライス評価額",
            ),
            "cash_plant_owners_jpy": ("received less paid by the owners of plants", "発電事業者の収支"),
            "cash_sites_jpy": ("received less paid by customers with small PV", "小規模太陽光設置需要家の収支"),
            "cash_homes_jpy": (
                "received less paid by homes with monitors and other flexible customers",
                "HEMS世帯ほか需要応動需要家の収支",
            ),
            "cash_aggregator_jpy": ("received less paid by the aggregator", "アグリゲータの収支"),
            "cash_retailer_jpy": ("received less paid by the local retailer", "地域新電力の収支"),
            "cash_network_jpy": ("received less paid by the network operator", "送配電事業者の収支"),
            "cash_outside_jpy": ("received less paid by market, levy fund and all others", "市場・賦課金等の収支"),
            "cash_sum_mismatch_jpy": (
                "largest difference between the payments to a party and what its own meters and prices give",
                "支払明細と各者の計量値に基づく収支の差(最大)",
            ),
            "net_benefit_jpy": ("net benefit at the half-hour's area price", "正味便益(円)"),
            "net_benefit_of_control_jpy": (
                "net benefit of control at the half-hour's area price",
                "制御による正味便益(円)",
            ),
        },
    ),
    **_quantities(
        "not negative",
        "%",
        {
            "curtailed_congestion_percent_of_available": (
                "congestion cut over available energy",
                "混雑制御率(発電可能量比)",
            ),
            "curtailed_congestion_percent_of_nonfirm": (
                "congestion cut of non-firm plants over their available energy",
                "混雑制御率(ノンファーム電源)",
            ),
            "link_n0_max_loading_percent": ("worst loading of a link circuit, intact grid", "連系線最大利用率(N-0)"),
            "link_n0_p99_loading_percent": ("99th percentile of it", "連系線利用率99%値(N-0)"),
            "link_n1_max_loading_percent": (
                "worst loading of the survivor after the trip of the other circuit",
                "1回線事故後の健全回線最大利用率(N-1)",
            ),
            "link_n1_p99_loading_percent": ("99th percentile of it", "健全回線利用率99%値(N-1)"),
            "all_outage_max_loading_percent": (
                "worst loading of a watched branch after any single outage, of its continuous rating",
                "全単一事故後の最大負荷率(連続定格比)",
            ),
            "local_supply_percent": (
                "sum of min(delivered, demand) per half-hour over demand, archipelago",
                "地域再エネ供給率(30分値、五島列島)",
            ),
            "local_use_percent": ("the same over delivered", "地産地消率(30分値、五島列島)"),
            "goto_city_local_supply_percent": ("the same for Goto City", "地域再エネ供給率(30分値、五島市)"),
            "goto_city_local_use_percent": ("the same for Goto City over delivered", "地産地消率(30分値、五島市)"),
        },
    ),
    **_quantities(
        "not negative",
        "h",
        {
            "congested_hours": ("hours with a congestion cut above 0.01 MW", "混雑制御時間"),
            "criterion_broken_hours": (
                "hours in which the criterion would be broken before management",
                "対策前に基準を超過する時間",
            ),
            "forecast_missed_hours": (
                "hours in which caps fixed ahead left the criterion broken",
                "予測誤差により基準を超過した時間",
            ),
            "forecast_operator_missed_hours": (
                "hours in which a forecasting operator's caps leave the criterion broken",
                "予測に基づく制御で基準を超過する時間",
            ),
            "voltage_support_hours": (
                "hours in which plants leave their own power factor to hold the voltage",
                "電圧維持のため発電所の力率を変える時間",
            ),
            "voltage_outside_hours": (
                "hours in which a watched voltage stays beyond its limits after all measures",
                "対策後も電圧上下限を逸脱する時間",
            ),
            "all_outage_violation_hours": (
                "hours with at least one single outage that breaks a limit or has no solution, after management",
                "単一事故のいずれかで制約違反または計算不能となる時間(対策後)",
            ),
            "all_outage_overload_hours": (
                "those of them in which a single outage loads a branch above its continuous rating",
                "うち単一事故で連続定格を超過する時間",
            ),
            "all_outage_voltage_only_hours": (
                "those of them in which single outages break voltage limits only",
                "うち単一事故で母線電圧のみ逸脱する時間",
            ),
            "bank_reverse_flow_hours": ("hours with reverse flow through a 66/6.6 kV bank", "バンク逆潮流時間"),
        },
    ),
    **_quantities(
        "not negative",
        "MW",
        {
            "link_max_export_mw": ("largest export over the link", "連系線最大送電電力"),
            "link_max_import_mw": ("largest import over the link", "連系線最大受電電力"),
            "intertrip_max_shed_mw": ("largest generation that N-1 inter-trip would shed", "N-1電制の最大制御量"),
        },
    ),
    **_quantities(
        "any",
        "MW",
        {
            f"n1_{side}_headroom_{when}_{stat}_mw": (
                f"{stat} of extra {'infeed' if side == 'export' else 'demand'} before the survivor reaches its rating, "
                f"{when} management",
                f"N-1{'送電' if side == 'export' else '受電'}余裕({'対策前' if when == 'before' else '対策後'}、"
                f"{ {'min': '最小', 'p05': '5%値', 'median': '中央値'}[stat] })",
            )
            for side in ("export", "import")
            for when in ("before", "after")
            for stat in ("min", "p05", "median")
        },
    ),
    **_quantities(
        "not negative",
        "pu",
        {
            "vm_min_pu": ("lowest voltage of a watched bus", "最低電圧"),
            "vm_max_pu": ("highest voltage of a watched bus", "最高電圧"),
            "all_outage_low_vm_min_pu": (
                "lowest voltage of a watched bus after any single outage",
                "全単一事故後の母線電圧の最低値",
            ),
        },
    ),
    **_quantities(
        "not negative",
        "count",
        {
            "battery_cycles_per_year": ("full cycles of the average battery per year", "蓄電池の年間等価サイクル数"),
            "battery_cycles_max_per_year": (
                "full cycles of the most used battery of a site per year",
                "最も使われた需要家蓄電池の年間等価サイクル数",
            ),
            "unsolved_half_hours": (
                "half-hours left out of energy KPIs because a power flow did not solve",
                "潮流計算が収束しないコマ数",
            ),
            "all_outage_unsolved_cases": (
                "pairs of single outage and half-hour without a solution",
                "計算不能の件数(単一事故×コマ)",
            ),
            "tap_operations_per_year": ("tap steps of the 220/66 kV transformers", "主変圧器タップの年間動作回数"),
            "reactor_operations_per_year": ("switchings of shunt reactors", "分路リアクトルの年間開閉回数"),
            "clipped_commands": ("battery commands that a device could not follow", "機器限界で制限された指令数"),
            "policy_failures": (
                "decisions of the policy that failed, so that a fallback took their place",
                "ポリシー異常により代替制御となった回数",
            ),
            "headroom_undefined_half_hours": ("half-hours without a headroom root", "余裕を定義できないコマ数"),
            "negative_demand_half_hours": (
                "half-hours of an area with sites' demand above the area's",
                "需要家合計が地区需要を超えるコマ数",
            ),
        },
    ),
    **_quantities(
        "not negative",
        "%/year",
        {
            "battery_wear_percent_per_year": (
                "loss of capacity of the sites' batteries by cycles and age, mean (an estimate)",
                "需要家蓄電池の年間容量低下率(平均、推計)",
            ),
            "battery_wear_max_percent_per_year": (
                "the same of the battery that loses most",
                "需要家蓄電池の年間容量低下率(最大、推計)",
            ),
        },
    ),
    **_quantities(
        "not negative",
        "MWh",
        {
            "unmet_service_mwh": (
                "hot water and energy of leaving cars not given",
                "需要応動機器の未充足量(給湯・EV)",
            ),
            "called_contracts_mwh": ("load that called down-DR contracts took off", "下げDR契約の発動電力量"),
            "unsolved_available_mwh": ("available energy of the unsolved half-hours", "収束しないコマの発電可能電力量"),
        },
    ),
}
"""Key figures of a member (`kpis.json`)."""
