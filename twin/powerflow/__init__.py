"""The AC engine for any pandapower net: see `twin.powerflow.batch.BatchPowerFlow`."""
