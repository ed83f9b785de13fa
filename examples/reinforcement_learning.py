"""A random agent for a day; a learning one takes its place (needs Gymnasium: `pip install ".[gym]"`)."""

from studies.api import load_case
from twin.adapters.environment import IslandEnvironment

case = load_case(
    "goto_2030", scenario="new_pv_congestion_aware", days=(350, 356), settings={"operation.policy": "none"}
)
environment = IslandEnvironment(case, reward="energy", days=1)
environment.action_space.seed(1)
observation, info = environment.reset(seed=1)
print(f"{info['time']}: {len(observation)} observations, {environment.action_space.shape[0]} orders")
reward_mwh, clipped, truncated = 0.0, 0, False
while not truncated:
    observation, reward, _, truncated, info = environment.step(environment.action_space.sample())
    reward_mwh += reward
    clipped += info["clipped"]
print(f"energy used: {reward_mwh:.2f} MWh, orders that a battery could not follow: {clipped}")
