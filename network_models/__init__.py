"""Grids: tables of Goto, guest networks, checks and drawings; what comes out is a `twin.network.model.GridModel`."""
