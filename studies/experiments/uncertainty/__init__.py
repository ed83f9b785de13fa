"""The analysis of uncertainty: what is unknown, samples of it, shares of the variance."""
