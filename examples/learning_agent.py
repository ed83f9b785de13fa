"""A small agent learns to trade with the sites' batteries, and is judged on weather years that it has not seen.

Linear scores choose among resting, self-consumption and charging; the cross-entropy method finds their weights. The
candidates of a generation are sub-environments of one lock-step loop: all see the same days. Needs Gymnasium.

    python examples/learning_agent.py [GENERATIONS] [CURVE.csv]
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from studies.environments import SPLIT, Agent, make_islands, play
from twin.adapters.environment import IslandEnvironments
from twin.policies.catalogue import POLICIES

GENERATIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 60
CANDIDATES, ELITE, DAYS, AHEAD, EVERY = 32, 8, 4, 48, 10
WEEKS = range(0, 358, 28)
OF_ISLAND = {"ahead": AHEAD, "days": DAYS}
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


def learn(rng: np.random.Generator) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the weights that are best on the validation years, and the learning curve."""
    train = make_islands(CANDIDATES, weather_years="train", reward="value", **OF_ISLAND, **LEARNER)
    check = make_islands(2, weather_years="validation", reward="value_against_none", **OF_ISLAND, **LEARNER)
    mean, spread, best, curve = np.zeros((3, 8)), np.ones((3, 8)), (-np.inf, None), []
    for generation in range(GENERATIONS + 1):
        if generation % EVERY == 0:
            earned = play_years(check, agent(mean, check.observation_names), "validation")
            curve.append({"generation": generation, "validation_jpy_a_day": earned / DAYS})
            print(f"generation {generation}: {earned / DAYS:,.0f} JPY a day against none on the validation years")
            if earned > best[0]:
                best = (earned, mean.copy())
        weights = mean + spread * rng.standard_normal((CANDIDATES, 3, 8))
        year, start = int(rng.choice(SPLIT["train"])), int(rng.integers(365 - DAYS))
        seen, _ = train.reset(seed=generation, options={"weather_year": year, "start": start})
        act, earned, ended = agent(weights, train.observation_names), np.zeros(CANDIDATES), False
        while not ended:
            seen, rewards, _, truncated, _ = train.step(act(seen))
            earned, ended = earned + rewards, truncated.all()
        elite = weights[np.argsort(-earned)[:ELITE]]
        mean = 0.7 * mean + 0.3 * elite.mean(axis=0)
        spread = 0.8 * spread + 0.2 * elite.std(axis=0) + 0.02
    return best[1], pd.DataFrame(curve)


def play_years(environments: IslandEnvironments, act: str | Agent, part: str) -> float:
    """Return what an episode earns against none in the mean, each year of a part in turn as a sub-environment."""
    return float(play(environments, act, WEEKS, years=SPLIT[part])["net_supply_jpy"].mean())


if __name__ == "__main__":
    weights, curve = learn(np.random.default_rng(1))
    if len(sys.argv) > 2:
        curve.to_csv(Path(sys.argv[2]), index=False)
    judged = make_islands(3, weather_years="test", with_none=True, **OF_ISLAND)
    simple = make_islands(3, weather_years="test", with_none=True, **OF_ISLAND, **LEARNER)
    for name in ("random", *POLICIES):
        print(
            f"{name:20}{play_years(judged, name, 'test') / DAYS:12,.0f} JPY a day against none, test years", flush=True
        )
    earned = play_years(simple, agent(weights, simple.observation_names), "test")
    print(f"{'learnt':20}{earned / DAYS:12,.0f} JPY a day against none, test years")
