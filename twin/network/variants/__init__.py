"""The networks of a study at every position of taps and reactors: solved, and how full their monitored ends are."""
