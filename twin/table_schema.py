"""The data dictionary of a member's tables: every column that crosses a package border."""

from __future__ import annotations

from twin.schema import CUT_CAUSES, Quantity


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
