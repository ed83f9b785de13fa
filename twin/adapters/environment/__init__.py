"""The loop as Gymnasium environments: agents take the policies' place, one half-hour at a time."""

try:
    import gymnasium as gymnasium
except ImportError as error:
    raise ImportError('the environment needs Gymnasium: pip install ".[gym]"') from error

from twin.adapters.environment.actions import ORDERS as ORDERS
from twin.adapters.environment.episodes import Episode as Episode
from twin.adapters.environment.islands import IslandEnvironments as IslandEnvironments
from twin.adapters.environment.one_island import IslandEnvironment as IslandEnvironment
from twin.adapters.environment.rewards import REWARDS as REWARDS
from twin.adapters.environment.rewards import Outcome as Outcome
from twin.adapters.environment.rules import Rule as Rule
