"""PV, wind, tide, demand, small sites, the area's market, forecasts: what the closed loop is driven by."""
