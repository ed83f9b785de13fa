"""Steps a second and lines to a first trained agent: this environment beside others, each on a small case of its own.

The others need other packages than this project, so each runs in an environment of its own; ``PEERS`` says what to
install there. Times are processor time of this process and its threads, the building of the case left out.

    python benchmarks/environments.py goto_twin|goto_twin_16|grid2op|ev2gym [--train]
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
    "ev2gym": "ev2gym pandapower numba psutil multicopula setuptools<81 stable-baselines3",
}
WARM_STEPS, STEPS, LEARNT_STEPS = 50, 500, 2048


def goto_twin() -> Any:
    """Goto 2030, 66 kV, N-1 of all outages in every step, about 1,000 batteries; half-hours."""
    import gymnasium

    return gymnasium.make("studies.environments:goto_twin/Island-v0", weather_years=[1], days=14).unwrapped


def goto_twin_16() -> Any:
    """The same island, 16 of them in one lock-step loop, no run without control beside."""
    import gymnasium

    name = "studies.environments:goto_twin/Island-v0"
    options: dict[str, Any] = {"weather_years": [1], "days": 14, "reward": "value"}
    return gymnasium.make_vec(name, num_envs=16, vectorization_mode="vector_entry_point", **options)


def grid2op() -> Any:
    """IEEE 14 buses (l2rpn_case14_sandbox, the part that the package brings), one power flow, no outage; 5 minutes."""
    from grid2op import make
    from grid2op.gym_compat import BoxGymActSpace, BoxGymObsSpace, GymEnv
    from lightsim2grid import LightSimBackend

    env = GymEnv(make("l2rpn_case14_sandbox", test=True, backend=LightSimBackend()))
    env.action_space = BoxGymActSpace(env.init_env.action_space, attr_to_keep=["redispatch"])
    env.observation_space = BoxGymObsSpace(env.init_env.observation_space, attr_to_keep=["gen_p", "load_p", "rho"])
    return env


def ev2gym() -> Any:
    """V2GProfitMax: charging points at one transformer, no network; 15 minutes."""
    import ev2gym as package
    from ev2gym.models.ev2gym_env import EV2Gym

    os.chdir(Path(package.__file__).parents[1])  # its configuration names files from there
    configuration = Path(package.__file__).parent / "example_config_files" / "V2GProfitMax.yaml"
    return EV2Gym(str(configuration))


MAKERS: dict[str, Callable[[], Any]] = {one.__name__: one for one in (goto_twin, goto_twin_16, grid2op, ev2gym)}


def steps_a_second(env: Any) -> float:
    """Return the steps of all sub-environments for a second of processor time, random actions."""
    env.reset(seed=1)
    env.action_space.seed(1)
    count, begin = -WARM_STEPS, time.process_time()
    while count < STEPS:
        if count == 0:
            begin = time.process_time()
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        count += 1
        if getattr(env, "num_envs", 1) == 1 and (terminated or truncated):
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
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    env = MAKERS[asked.name]()
    package = asked.name.partition("_16")[0].replace("_", "-")
    found = f"{asked.name} {importlib.metadata.version(package)}, Python {platform.python_version()}: "
    print(f"{found}{steps_a_second(env):.0f} steps a second, {lines(MAKERS[asked.name])} lines", flush=True)
    if asked.train:
        print(f"    {LEARNT_STEPS} steps learnt in {train(env):.0f} s of processor time", flush=True)


if __name__ == "__main__":
    main()
