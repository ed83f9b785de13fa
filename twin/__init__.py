"""The engine: profiles, closed loop, results, key figures; imports none of the other packages."""
