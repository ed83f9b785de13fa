"""Documents of their own: certificate, comparison, plan audit, matching ledger and payback."""
