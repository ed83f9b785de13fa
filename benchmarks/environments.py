"""Steps a second and lines to a first trained agent: this environment beside others, each on a small case of its own.

The others need other packages than this project, so each runs in an environment of its own; ``PEERS`` says what to
install there. Times are processor time of this process and its threads, the building of the case left out.

    python benchmarks/environments.py goto_twin|goto_twin_16|grid2op|citylearn|ev2gym [--train] [--data FOLDER]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import inspect
import os
import platform
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

PEERS = {
    "goto_twin": "this project with its extra `gym`; stable-baselines3",
    "grid2op": "grid2op lightsim2grid gymnasium stable-baselines3",
    "citylearn": "citylearn==2.1.2 (the last that brings its data), without what it asks for; gymnasium "
    "scikit-learn simplejson pyyaml stable-baselines3",
    "ev2gym": "ev2gym pandapower stable-baselines3",
}
WARM_STEPS, STEPS, LEARNT_STEPS = 50, 500, 2048
TRAINS = "learn"
"""A line that trains ends with it; the lines up to there are counted."""


def goto_twin(folder: Path | None) -> Any:
    """Goto 2030, 66 kV, N-1 of all outages in every step, about 1,000 batteries; half-hours."""
    import gymnasium

    return gymnasium.make("studies.environments:goto_twin/Island-v0", weather_years=[1], days=14).unwrapped


def goto_twin_16(folder: Path | None) -> Any:
    """The same island, 16 of them in one lock-step loop, no run without control beside."""
    import gymnasium

    name = "studies.environments:goto_twin/Island-v0"
    options: dict[str, Any] = {"weather_years": [1], "days": 14, "reward": "value"}
    return gymnasium.make_vec(name, num_envs=16, vectorization_mode="vector_entry_point", **options)


def grid2op(folder: Path | None) -> Any:
    """IEEE 14 buses (l2rpn_case14_sandbox, the part that the package brings), one power flow, no outage; 5 minutes."""
    from grid2op import make
    from grid2op.gym_compat import BoxGymActSpace, BoxGymObsSpace, GymEnv
    from lightsim2grid import LightSimBackend

    env = GymEnv(make("l2rpn_case14_sandbox", test=True, backend=LightSimBackend()))
    env.action_space = BoxGymActSpace(env.init_env.action_space, attr_to_keep=["redispatch"])
    env.observation_space = BoxGymObsSpace(env.init_env.observation_space, attr_to_keep=["gen_p", "load_p", "rho"])
    return env


def citylearn(folder: Path | None) -> Any:
    """Challenge 2022, phase 1: five buildings with batteries, no network; hours."""
    from citylearn.citylearn import CityLearnEnv

    return CityLearnEnv("citylearn_challenge_2022_phase_1" if folder is None else folder, central_agent=True)


def ev2gym(folder: Path | None) -> Any:
    """V2GProfitMax: charging points at one transformer, no network; 15 minutes."""
    import ev2gym as package
    from ev2gym.models.ev2gym_env import EV2Gym

    os.chdir(Path(package.__file__).parents[1])  # its configuration names files from there
    configuration = Path(package.__file__).parent / "example_config_files" / "V2GProfitMax.yaml"
    return EV2Gym(str(configuration))


MAKERS: dict[str, Callable[[Path | None], Any]] = {
    one.__name__: one for one in (goto_twin, goto_twin_16, grid2op, citylearn, ev2gym)
}


def steps_a_second(env: Any) -> float:
    """Return the steps of all sub-environments for a second of processor time, random actions."""
    env.reset()
    several = env.action_space if isinstance(env.action_space, list) else [env.action_space]  # CityLearn: one an agent
    for number, space in enumerate(several):
        space.seed(number)
    count, begin = -WARM_STEPS, time.process_time()
    while count < STEPS:
        if count == 0:
            begin = time.process_time()
        actions = [space.sample() for space in several]
        ends = env.step(actions if several is env.action_space else actions[0])[
            2:-1
        ]  # one or two of them: Gym or Gymnasium
        count += 1
        if getattr(env, "num_envs", 1) == 1 and any(ends):
            env.reset()
    return getattr(env, "num_envs", 1) * STEPS / (time.process_time() - begin)


def train(env: Any) -> float:
    """Train a first agent, and return the seconds of processor time that it took."""
    begin = time.process_time()
    from stable_baselines3 import PPO

    PPO("MlpPolicy", env, n_steps=512, batch_size=64, seed=1, device="cpu").learn(LEARNT_STEPS)
    return time.process_time() - begin


def lines(maker: Callable[..., Any]) -> int:
    """Return the lines of code from nothing to a trained agent: those that make the environment, and three."""
    body = inspect.getsource(maker).split('"""')[2].splitlines()
    imports_and_learn = 2
    return len([line for line in body if line.strip()]) + imports_and_learn


def main() -> None:
    """Measure one environment and print a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=list(MAKERS))
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--data", type=Path, help="schema.json of CityLearn's data set, where the package brings none")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    env = MAKERS[asked.name](asked.data)
    package = asked.name.partition("_16")[0].replace("_", "-")
    found = f"{asked.name} {importlib.metadata.version(package)}, Python {platform.python_version()}: "
    print(f"{found}{steps_a_second(env):.0f} steps a second, {lines(MAKERS[asked.name])} lines", flush=True)
    if asked.train:
        print(f"    {LEARNT_STEPS} steps learnt in {train(env):.0f} s of processor time", flush=True)


if __name__ == "__main__":
    main()
