"""Study files, members, the command line and where results are put: the place where everything comes together."""
