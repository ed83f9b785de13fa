"""From a pandapower net to matrices, and the one batched AC solver: see `twin.network.batch.BatchPowerFlow`."""
