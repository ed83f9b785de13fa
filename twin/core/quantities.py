"""The data dictionary: every key figure and every table column that crosses a package border."""

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
"""Causes in the ledger's order; the order is a convention, that of the loop's steps (docs/concepts/loop.md)."""

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


def _columns(rows: dict[str, tuple[str, str, str]]) -> dict[str, Quantity]:
    return {name: Quantity(name, unit, "any", english, japanese) for name, (unit, english, japanese) in rows.items()}


_TIME = {"time": ("", "start of the half-hour, Asia/Tokyo", "コマの開始時刻")}

TABLES: dict[str, dict[str, Quantity]] = {
    "ledger": _columns(
        _TIME
        | {
            "unit": ("", "plant or site group", "発電所または需要家群"),
            "available_mw": ("MW", "could have been produced", "発電可能出力"),
            "delivered_mw": ("MW", "was produced, from the injections of the final flow", "供給出力"),
            **{f"{cause}_mw": ("MW", f"lost by cause {cause}", f"{cause}による損失") for cause in CUT_CAUSES},
            "area_balance_settled_mw": ("MW", "area-balance cut as settled", "需給バランス制約の精算値"),
            "battery_mw": ("MW", "into the battery beside the plant, discharging negative", "併設蓄電池の充電(放電負)"),
            "element": ("", "overloaded element that binds the largest congestion cut of the row", "混雑設備"),
            "outage": ("", "outage that binds it; empty in N-0", "想定事故"),
        }
    ),
    "link": _columns(
        _TIME
        | {
            "export_mw": ("MW", "link flow at the island side, export positive", "連系線潮流(送電正)"),
            "circuit_1_loading_percent": ("%", "worse end over its rating", "1号線利用率"),
            "circuit_2_loading_percent": ("%", "worse end over its rating", "2号線利用率"),
            "circuit_1_mainland_mw": ("MW", "flow arriving at the mainland end", "1号線本土側潮流"),
            "circuit_1_island_mw": ("MW", "flow sent at the island end", "1号線島側潮流"),
            "circuit_2_mainland_mw": ("MW", "flow arriving at the mainland end", "2号線本土側潮流"),
            "circuit_2_island_mw": ("MW", "flow sent at the island end", "2号線島側潮流"),
            "n1_before_loading_percent": ("%", "survivor after the trip, before management", "健全回線利用率(対策前)"),
            "n1_loading_percent": ("%", "survivor after the trip, after management", "健全回線利用率(対策後)"),
            "n1_export_headroom_before_mw": (
                "MW",
                "extra infeed that the N-1 link would take, before management",
                "N-1送電余裕(対策前)",
            ),
            "n1_export_headroom_after_mw": ("MW", "the same after management", "N-1送電余裕(対策後)"),
            "n1_import_headroom_before_mw": (
                "MW",
                "extra demand that the N-1 link would supply, before management",
                "N-1受電余裕(対策前)",
            ),
            "n1_import_headroom_after_mw": ("MW", "the same after management", "N-1受電余裕(対策後)"),
        }
    ),
    "n1": _columns(
        _TIME
        | {
            "before_loading_percent": (
                "%",
                "worst loading after any outage, before management",
                "N-1最大利用率(対策前)",
            ),
            "before_element": ("", "its element", "その設備"),
            "before_outage": ("", "its outage", "その想定事故"),
            "loading_percent": ("%", "worst loading after any outage, after management", "N-1最大利用率(対策後)"),
            "element": ("", "its element", "その設備"),
            "outage": ("", "its outage", "その想定事故"),
            "intertrip_shed_mw": (
                "MW",
                "generation that inter-trip would shed for the worst outage",
                "N-1電制の制御量",
            ),
            "outages_solved": (
                "count",
                "outages solved in AC (the rest were screened out with margin)",
                "交流計算した事故数",
            ),
        }
    ),
    "bus": _columns(_TIME | {"<bus name>": ("pu", "voltage of each watched bus", "監視母線電圧")}),
    "system": _columns(
        _TIME
        | {
            "demand_mw": ("MW", "gross demand", "総需要"),
            "delivered_mw": ("MW", "renewable output delivered", "再エネ供給出力"),
            "available_mw": ("MW", "renewable output available", "再エネ発電可能出力"),
            "goto_city_demand_mw": ("MW", "gross demand of Goto City", "五島市の需要"),
            "goto_city_delivered_mw": ("MW", "delivered in Goto City", "五島市の再エネ供給出力"),
            "diesel_mw": ("MW", "stand-by diesels", "内燃力"),
            "import_mw": ("MW", "from the mainland at 220 kV", "受電"),
            "export_mw": ("MW", "to the mainland at 220 kV", "送電"),
            "losses_mw": ("MW", "branches and shunts", "系統損失"),
            "battery_losses_mw": ("MW", "lost in batteries", "蓄電池損失"),
            "stored_mwh": ("MWh", "stored at the end of the half-hour", "蓄電残量"),
            "flexible_demand_mw": ("MW", "change of demand by flexible devices (part of demand)", "需要応動による増減"),
            "flexible_losses_mw": ("MW", "lost by shifting demand (part of demand)", "需要応動による損失"),
            "unsupplied_mw": ("MW", "demand not supplied", "供給支障"),
            "residual_overload_mw": ("MW", "overload left after all measures", "残留過負荷"),
            "compensator_q_mvar": ("Mvar", "infeed of the var compensator", "SVC無効電力"),
            "main_tap_position": ("", "tap of the 220/66 kV transformers; null without", "主変圧器タップ位置"),
            "reactors_in_service": ("count", "shunt reactors in service; null without", "投入中の分路リアクトル台数"),
            "plants_q_support_mvar": (
                "Mvar",
                "infeed of plants beyond their own power factor, to hold the voltage",
                "電圧維持のための発電所無効電力",
            ),
            "voltage_outside": (
                "",
                "1 where a watched voltage stays beyond its limits after all measures",
                "対策後の電圧逸脱",
            ),
            **{
                f"{cause}_mw": ("MW", f"lost by cause {cause}, all units", f"{cause}による損失(全体)")
                for cause in CUT_CAUSES
            },
            "area_balance_settled_mw": (
                "MW",
                "area-balance cut as settled, all units",
                "需給バランス制約の精算値(全体)",
            ),
            "plants_congestion_mw": (
                "MW",
                "congestion and voltage cuts of plants, sites left out",
                "発電所の混雑・電圧制御",
            ),
            "sites_lost_mw": ("MW", "throttled or cut at the sites", "需要家側の損失"),
            "nonfirm_available_mw": ("MW", "available of non-firm units", "ノンファーム電源の発電可能出力"),
            "nonfirm_congestion_mw": ("MW", "congestion cuts of non-firm units", "ノンファーム電源の混雑制御"),
            "criterion_broken": ("", "1 where the criterion would be broken before management", "対策前の基準超過"),
            "forecast_missed": ("", "1 where caps fixed ahead left the criterion broken", "予測誤差による基準超過"),
            "bank_reverse_flow": ("", "1 with reverse flow through a 66/6.6 kV bank", "バンク逆潮流"),
            "clipped_commands": (
                "count",
                "battery commands that a device could not follow",
                "機器限界で制限された指令数",
            ),
            "policy_failed": ("", "1 where a fallback decided in place of the policy", "ポリシー異常時の代替制御"),
            "negative_demand_areas": (
                "count",
                "areas whose sites ask for more than the area",
                "需要家合計が地区需要を超える地区数",
            ),
            "area_balance_share": (
                "",
                "share of controllable PV that the area orders off",
                "需給バランス制約の制御率(太陽光)",
            ),
            "price_jpy_per_kwh": ("JPY/kWh", "area price", "エリアプライス"),
            "price_ratio": ("", "retail price announced to the homes over the usual one", "家庭向け小売料金の通常比"),
            "home_demand_pu": (
                "pu",
                "demand of the mean home without price response, over its mean of a year",
                "平均的家庭の需要(年平均比、需要応動前)",
            ),
            "failure": ("", "empty where solved, else the class of failure", "計算失敗の種別"),
        }
    ),
    "sites": _columns(
        _TIME
        | {
            "kind": ("", "existing_plain, existing_battery or new", "需要家区分"),
            "pv_mw": ("MW", "delivered PV, AC", "太陽光出力"),
            "load_mw": ("MW", "own demand", "需要"),
            "self_consumption_mw": ("MW", "PV used by the sites themselves", "自家消費"),
            "export_mw": ("MW", "fed to the grid", "逆潮流"),
            "import_mw": ("MW", "taken from the grid", "買電"),
            "charge_mw": ("MW", "into batteries", "充電"),
            "discharge_mw": ("MW", "out of batteries", "放電"),
            "throttled_mw": ("MW", "throttled by the inverter", "自己抑制"),
            "soc_percent": ("%", "mean state of charge at the end of the half-hour", "充電率"),
        }
    ),
    "batteries": _columns(
        {
            "site": ("", "site with PV or a battery", "需要家"),
            "kind": ("", "existing_plain, existing_battery or new", "需要家区分"),
            "area": ("", "area", "地区"),
            "battery_kwh": ("kWh", "capacity, 0 without a battery", "蓄電池容量"),
            "cycles": ("", "energy delivered over capacity; null without a battery", "等価サイクル数"),
            "mean_soc_percent": ("%", "mean state of charge; null without a battery", "平均充電率"),
            "cycle_loss_percent": ("%", "capacity lost by cycles over the run (estimate)", "サイクル劣化(推計)"),
            "calendar_loss_percent": ("%", "capacity lost by age over the run (estimate)", "経年劣化(推計)"),
            "discharged_kwh": ("kWh", "delivered by the battery, AC", "放電電力量"),
            "self_consumed_kwh": ("kWh", "demand less what is taken from the grid", "自家消費電力量"),
            "exported_kwh": ("kWh", "fed to the grid, before any cut", "逆潮流電力量(制御前)"),
            "throttled_kwh": ("kWh", "throttled by the inverter", "自己抑制電力量"),
            "imported_kwh": ("kWh", "taken from the grid", "買電電力量"),
        }
    ),
    "averages": _columns(
        {
            "group": ("", "site group (kind/area)", "需要家群"),
            "sites": ("count", "sites of the group", "需要家数"),
            "self_consumed_kwh": ("kWh", "demand less import, sum over the sites", "自家消費電力量(需要家別の合計)"),
            "average_self_consumed_kwh": ("kWh", "the same of as many average sites", "同(平均的な需要家による)"),
            "exported_kwh": ("kWh", "fed to the grid before any cut, sum over the sites", "逆潮流電力量(制御前、合計)"),
            "average_exported_kwh": ("kWh", "the same of as many average sites", "同(平均的な需要家による)"),
            "throttled_kwh": ("kWh", "throttled by the inverters, sum over the sites", "自己抑制電力量(合計)"),
            "average_throttled_kwh": ("kWh", "the same of as many average sites", "同(平均的な需要家による)"),
            "cycles": ("", "energy delivered over capacity of the group; null without batteries", "等価サイクル数"),
            "average_cycles": ("", "the same of the average site", "同(平均的な需要家による)"),
        }
    ),
    "devices": _columns(
        _TIME
        | {
            "device": ("", "flexible device; plant_batteries are those beside plants", "機器"),
            "demand_mw": ("MW", "change of what is taken from the grid, charging positive", "需要の増減(充電正)"),
            "losses_mw": ("MW", "lost by flexibility", "損失"),
            "stored_mwh": ("MWh", "held (positive) or owed at the end of the half-hour", "蓄積量(負は未返済)"),
            "unmet_mwh": ("MWh", "service not given: hot water, energy of leaving cars", "未充足量"),
            "clipped": ("", "1 where the order could not be followed", "指令の制限"),
        }
    ),
    "payments": _columns(
        _TIME
        | {
            "item": ("", "what is paid for", "費目"),
            "payer": ("", "party that pays", "支払者"),
            "receiver": ("", "party that is paid", "受取者"),
            "jpy": ("JPY", "amount of the half-hour, negative where the receiver pays", "金額(負は逆方向)"),
        }
    ),
    "security": _columns(
        _TIME
        | {
            "loading_percent": (
                "%",
                "worst loading of any watched branch after any single outage, of its continuous rating",
                "単一事故後の最大負荷率(連続定格比)",
            ),
            "element": ("", "branch of that loading", "最大負荷率の設備"),
            "outage": ("", "outage of that loading", "最大負荷率の想定事故"),
            "low_vm_pu": ("pu", "lowest watched voltage after any single outage", "単一事故後の最低電圧"),
            "low_bus": ("", "its bus", "最低電圧の母線"),
            "high_vm_pu": ("pu", "highest watched voltage after any single outage", "単一事故後の最高電圧"),
            "high_bus": ("", "its bus", "最高電圧の母線"),
            "violating_outages": ("", "single outages that break a limit or have no solution", "制約違反となる事故数"),
            "unsolved_outages": ("", "single outages without a solution", "計算不能の事故数"),
        }
    ),
    "security_branches": _columns(
        {
            "month": ("", "calendar month", "月"),
            "element": ("", "watched branch", "監視設備"),
            "loading_percent": ("%", "worst loading after any single outage in the month", "単一事故後の最大負荷率"),
            "outage": ("", "outage of that loading", "想定事故"),
            "time": ("", "half-hour of that loading", "発生コマ"),
            "hours_over_short_time": ("h", "above the short-time rating at once", "短時間定格超過時間"),
            "hours_over_continuous": ("h", "above the continuous rating", "連続定格超過時間"),
            "hours_export_breach": ("h", "breach in export direction", "送電方向の超過時間"),
            "hours_import_breach": ("h", "breach in import direction", "受電方向の超過時間"),
        }
    ),
    "security_outages": _columns(
        {
            "month": ("", "calendar month", "月"),
            "outage": ("", "what trips; empty for the intact grid", "想定事故"),
            "class": ("", "n-0, n-1 or common-corridor", "区分"),
            "loading_percent": ("%", "worst loading in the month", "最大負荷率"),
            "element": ("", "branch of that loading", "設備"),
            "low_vm_pu": ("pu", "lowest watched voltage", "最低電圧"),
            "high_vm_pu": ("pu", "highest watched voltage", "最高電圧"),
            "hours_violated": ("h", "with a limit broken or without a solution", "制約違反時間"),
            "steps_unsolved": ("", "half-hours without a solution", "計算不能コマ数"),
            "demand_lost_mw": ("MW", "largest demand that the outage would cut off", "供給支障電力(最大)"),
            "demand_lost_mwh": (
                "MWh",
                "demand cut off if the outage lasted through the month: its mean times the hours",
                "供給支障電力量(当該月中継続の場合)",
            ),
            "infeed_lost_mw": ("MW", "largest infeed that the outage would cut off", "脱落電源出力(最大)"),
            "infeed_lost_mwh": (
                "MWh",
                "infeed cut off if it lasted through the month",
                "脱落電力量(当該月中継続の場合)",
            ),
        }
    ),
}
"""Tables of a member, by file name without suffix."""
