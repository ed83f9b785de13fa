"""Factors between units."""

from __future__ import annotations

KWH_PER_MWH = 1000.0
KW_PER_MW = 1000.0
MONEY_PER_MILLION = 1e6
