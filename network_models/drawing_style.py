"""Colours, words and font of the network drawings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib_fontja import get_font_ttf_path

Language = Literal["en", "ja"]

JAPANESE_FONT = "IPAexGothic"

INK = "#1f2933"
MUTED = "#5f6c7b"
PAPER = "#ffffff"
CABLE = "#1769aa"
OVERHEAD = "#3e4c59"
BUS_COLOURS = {220.0: "#8e24aa", 66.0: "#1f2933", 22.0: "#00796b", 6.6: "#8d6e63"}
KIND_COLOURS = {"pv": "#f0a202", "wind": "#2a9d8f", "tidal": "#3d5a98", "load": "#9aa5b1"}

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Single-line diagram", "map": "Map", "cable": "submarine cable", "overhead": "overhead line",
        "load": "load", "pv": "PV", "wind": "wind", "tidal": "tidal", "diesel": "diesel", "standby": "stand-by",
        "svc": "SVC", "reactor": "shunt reactors", "source": "Kyushu grid", "transformer": "transformer",
        "plant": "plant", "mean": "load: yearly mean; plants: contract", "demand": "demand",
        "scheme": "Positions: published or estimated points; route lengths differ from straight lines. No coast line.",
        "estimate": "Ratings, conductors and routes are largely estimates: see the tables.",
    },
    "ja": {
        "title": "単線結線図", "map": "系統地図", "cable": "海底ケーブル", "overhead": "架空線",
        "load": "需要", "pv": "太陽光", "wind": "風力", "tidal": "潮流", "diesel": "内燃力", "standby": "予備",
        "svc": "SVC", "reactor": "分路リアクトル", "source": "九州本土系統", "transformer": "変圧器",
        "plant": "発電所", "mean": "需要は年平均、発電所は契約出力", "demand": "需要",
        "scheme": "位置は公表値または推定値。亘長は直線距離と異なる。海岸線は省略。",
        "estimate": "容量・導体・経路の多くは推定値(表を参照)。",
    },
}  # fmt: skip


@contextmanager
def drawing_font(language: Language) -> Iterator[None]:
    """Use a font that has the language's characters for everything drawn inside."""
    font_manager.fontManager.addfont(get_font_ttf_path())
    family = [JAPANESE_FONT] if language == "ja" else ["DejaVu Sans", JAPANESE_FONT]
    with mpl.rc_context({"font.family": family, "axes.unicode_minus": False, "text.color": INK}):
        yield


def megawatts(value: float) -> str:
    """Return a short text such as ``16.8 MW``."""
    return f"{value:.1f} MW"
