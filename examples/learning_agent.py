"""A small agent learns to trade with the sites' batteries, and is judged on weather years that it has not seen.

Linear scores choose among resting, self-consumption and charging; the cross-entropy method finds their weights. The
candidates of a generation are sub-environments of one lock-step loop: all see the same days. Needs Gymnasium.

    python examples/learning_agent.py [GENERATIONS] [CURVE.csv]
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from studies.environments import SPLIT, Agent, island_case, play
from twin.adapters.environment import IslandEnvironments
from twin.operation.case import Case
from twin.policies.catalogue import POLICIES

GENERATIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 40
CANDIDATES, ELITE, DAYS, AHEAD, EVERY = 24, 6, 2, 48, 10
TRAIN, VALIDATION, TEST = SPLIT["train"][:3], SPLIT["validation"][:1], SPLIT["test"]
STARTS = range(10, 360, 52)
LEARNER = {"orders": ("mode", "power"), "together": True}
MODES = np.array([-1.0, 0.0, 1.0])  # rest, self-consumption, charge by order


def features(seen: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return what the agent looks at, (M, 8): the price beside the coming day's, charge, sun, time, congestion."""
    of = {name: k for k, name in enumerate(names)}
    price = seen[:, [of[f"outlook price_jpy_per_kwh +{k}"] for k in range(AHEAD)]]
    rank = (price[:, :1] > price).mean(axis=1) + 0.5 * (price[:, :1] == price).mean(axis=1)
    spread = (price[:, 0] - price.mean(axis=1)) / 10.0
    charge = seen[:, [k for name, k in of.items() if name.startswith("soc_pu")]].mean(axis=1)
    surplus = seen[:, of["outlook pv_mw +0"]] - seen[:, of["outlook load_mw +0"]]
    congestion = seen[:, [of[f"outlook congestion_mw +{k}"] for k in range(12)]].max(axis=1)
    wave = seen[:, of["cosine of the time of the day"]]
    columns = [np.ones(len(seen)), 2.0 * rank - 1.0, spread, 2.0 * charge - 1.0, surplus / 5.0, congestion / 5.0,
               wave, price.std(axis=1) / 10.0]  # fmt: skip
    return np.stack(columns, axis=1)


def agent(weights: np.ndarray, names: Sequence[str]) -> Agent:
    """Return the actions of weights, (M, 3, 8), each row a candidate's: scores of two modes, charging power."""

    def act(seen: np.ndarray) -> np.ndarray:
        found = np.einsum("mkf,mf->mk", np.broadcast_to(weights, (len(seen), 3, 8)), features(seen, names))
        scores = np.column_stack([np.zeros(len(seen)), found[:, :2]])
        return np.column_stack([MODES[scores.argmax(axis=1)], np.clip(found[:, 2], -1.0, 1.0)])

    return act


def learn(rng: np.random.Generator, island: Case, years: list[int]) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the weights that are best on the validation years, and the learning curve."""
    train = islands(island, years, CANDIDATES, reward="value", **LEARNER)
    check = islands(island, years, len(VALIDATION), with_none=True, **LEARNER)
    mean, spread, best, curve = np.zeros((3, 8)), np.ones((3, 8)), (-np.inf, np.zeros((3, 8))), []
    for generation in range(GENERATIONS + 1):
        if generation % EVERY == 0:
            earned = jpy_a_day(check, agent(mean, check.observation_names), VALIDATION)
            curve.append({"generation": generation, "validation_jpy_a_day": earned})
            print(f"generation {generation}: {earned:.0f} JPY a day against none, validation years", flush=True)
            if earned > best[0]:
                best = (earned, mean.copy())
        weights = mean + spread * rng.standard_normal((CANDIDATES, 3, 8))
        options = {"weather_year": int(rng.choice(TRAIN)), "start": int(rng.integers(train.days_of_case - DAYS))}
        seen, _ = train.reset(seed=generation, options=options)
        act, earned_by, ended = agent(weights, train.observation_names), np.zeros(CANDIDATES), False
        while not ended:
            seen, rewards, _, truncated, _ = train.step(act(seen))
            earned_by, ended = earned_by + rewards, bool(truncated.all())
        elite = weights[np.argsort(-earned_by)[:ELITE]]
        mean = 0.5 * mean + 0.5 * elite.mean(axis=0)
        spread = 0.7 * spread + 0.3 * elite.std(axis=0) + 0.02
    return best[1], pd.DataFrame(curve)


def islands(island: Case, years: list[int], count: int, **options: Any) -> IslandEnvironments:  # noqa: ANN401 - of IslandEnvironments
    """Return sub-environments of one case that is built once."""
    return IslandEnvironments(island, weather_years=years, num_envs=count, days=DAYS, ahead=AHEAD, **options)


def jpy_a_day(environments: IslandEnvironments, act: str | Agent, years: Sequence[int]) -> float:
    """Return what an episode earns a day against none in the mean, each of the years a sub-environment."""
    return float(play(environments, act, STARTS, years=years)["net_supply_jpy"].mean()) / DAYS


if __name__ == "__main__":
    island, years = island_case(weather_years=[*TRAIN, *VALIDATION, *TEST])
    weights, curve = learn(np.random.default_rng(1), island, years)
    if len(sys.argv) > 2:
        curve.to_csv(Path(sys.argv[2]), index=False)
    simple = islands(island, years, len(TEST), with_none=True, **LEARNER)
    learnt = jpy_a_day(simple, agent(weights, simple.observation_names), TEST)
    print(f"learnt: {learnt:.0f} JPY a day against none, test years", flush=True)
    judged = islands(island, years, len(TEST), with_none=True)
    for name in ("random", *POLICIES):
        print(f"{name}: {jpy_a_day(judged, name, TEST):.0f} JPY a day against none, test years", flush=True)
