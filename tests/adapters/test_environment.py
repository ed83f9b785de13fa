"""The Gymnasium environment: its checker, and the same half-hours as the loop under a policy."""

import builtins
import importlib
import sys
from dataclasses import replace

import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from loop_fixtures import PEAK_DAY, WINDY_DAY, devices, make_case, member, run

from twin.adapters.environment import REWARDS, Episode, IslandEnvironment, IslandEnvironments, Rule
from twin.core.errors import InputError
from twin.core.quantities import CONGESTION_CAUSES
from twin.devices.battery import make_batteries
from twin.devices.storage import GridBattery
from twin.metrics.half_hours import block_of
from twin.metrics.kpis import key_figures
from twin.metrics.series import series_of_tables
from twin.metrics.tables import member_tables
from twin.operation.case import of_members, under_policies
from twin.operation.record import over_time
from twin.operation.state import stored_at_start_mwh
from twin.policies.catalogue import POLICIES, shipped_policy
from twin.policies.interface import HALF_HOUR, Mode

PLAIN = {"orders": ("power", "devices")}
NOWHERE = (0.0,) * 12
ISLAND = GridBattery(
    make_batteries((6.0, *NOWHERE, 2.0), (2.0, *NOWHERE, 1.0), 0.95, soc_min_share=0.1, soc_max_share=0.9)
)


def hold(half_hour):
    """Charge the batteries from ten to two, give back from six; the grid battery the other way round in the night."""
    return (0.5 if 20 <= half_hour < 28 else -1.0 if half_hour >= 36 else 0.0), (1.0 if half_hour < 8 else -0.25)


class Hold:
    """The same as a policy."""

    cadence = HALF_HOUR

    def decide(self, view):
        dispatch = view.plan(Mode.POWER)
        power, grid = hold(view.half_hour_of_day)
        dispatch.battery_power_pu[:, view.batteries.power_mw > 0.0] = power
        dispatch.device_pu[:] = grid
        return dispatch


@pytest.fixture(scope="module")
def case(goto_year):
    inputs = goto_year.days(WINDY_DAY, 3)
    return make_case(inputs, [member(inputs, devices=devices(inputs.fleet), flexible=(ISLAND,))])


def actions(env, steps):
    batteries = len(env.action_names) - 1
    values = [hold(t % 48) for t in range(steps)]
    return [np.array([*[power] * batteries, grid], dtype=np.float32) for power, grid in values]


def tables_of(case, records):
    return {name: table.to_pandas() for name, table in member_tables(case, block_of(0, over_time(records)), 0).items()}


def test_gymnasiums_checker_has_nothing_to_say(case):
    env = IslandEnvironment(case, days=2, render_mode="rgb_array")
    env.spec = EnvSpec("goto_twin/Island-v0", entry_point=lambda **given: IslandEnvironment(case, days=2, **given))
    check_env(env)


def test_an_episode_under_a_policys_orders_is_the_loop_under_that_policy(case):
    env = IslandEnvironment(case, days=3, **PLAIN)
    env.reset(options={"start": 0})
    answers = [env.step(action) for action in actions(env, len(case.index))]
    as_policy = under_policies(case, 0, [Hold()])
    states, records = run(as_policy)
    kept = {
        name: values
        for name, values in env.together.situation(ended=True).state.arrays().items()
        if name != "site_totals"
    }
    for field, values in kept.items():
        assert np.array_equal(values, states[-1].arrays()[field]), field
    used = key_figures(series_of_tables(tables_of(as_policy, records), 0.5), ["energy_used_mwh"])["energy_used_mwh"]
    assert sum(answer[1] for answer in answers) == pytest.approx(float(used))
    clipped = [int(record.sites.clipped[0] + record.flexible.clipped[0].sum()) for record in records]
    assert [answer[4]["clipped"] for answer in answers] == clipped
    assert sum(clipped) > 0
    assert [answer[3] for answer in answers] == [False] * (len(case.index) - 1) + [True]
    assert not any(answer[2] for answer in answers)


@pytest.mark.parametrize(("reward", "figure"), REWARDS.items())
def test_rewards_add_up_to_the_key_figures(case, reward, figure):
    as_policy = under_policies(case, 0, [Hold()])
    _, records = run(as_policy)
    whole = key_figures(
        series_of_tables(tables_of(as_policy, records), 0.5, stored_at_start_mwh(as_policy, 0)), [figure]
    )[figure]
    env = IslandEnvironment(case, days=3, reward=reward, **PLAIN)
    env.reset(options={"start": 0})
    answers = [env.step(action) for action in actions(env, len(records))]
    # stored energy of 20 MWh in double precision, times 1000 kWh and some 10 JPY
    sign = -1.0 if reward == "congestion" else 1.0
    assert sum(answer[1] for answer in answers) == pytest.approx(sign * float(whole), abs=1e-6)
    cut = sum(answer[4]["congestion_mwh"] for answer in answers)
    assert cut == pytest.approx(float(sum(r.ledger.booked_mw(CONGESTION_CAUSES).sum() for r in records)) * 0.5)


def test_observations_are_what_a_policy_sees(case):
    env = IslandEnvironment(case, days=3, ahead=4, **PLAIN)
    env.reset(options={"start": 0})
    for action in actions(env, 60):
        observation = env.step(action)[0]
    seen = dict(zip(env.observation_names, observation.tolist(), strict=True))
    assert len(seen) == env.observation_space.shape[0]
    outlook = case.outlooks[0].at(60, 0, 50.0)
    assert [seen[f"outlook export_mw +{k}"] for k in range(4)] == pytest.approx(outlook.export_mw[:4], rel=1e-6)
    assert seen["outlook pv_mw +3"] == pytest.approx(outlook.pv_mw[3].sum(), rel=1e-6)
    assert seen["cosine of the month"] == pytest.approx(np.cos(2.0 * np.pi * 2 / 12))  # March
    weekday = 2.0 * np.pi * case.index[60].dayofweek / 7
    assert seen["sine of the weekday"] == pytest.approx(np.sin(weekday), abs=1e-6)
    assert seen["workday"] == case.is_workday[60]
    assert seen["sine of the time of the day"] == pytest.approx(1.0 if 60 % 48 == 12 else np.nan)
    assert seen["stored_mwh grid_batteries"] == pytest.approx(
        float(env.together.situation().state.device_stored_mwh.sum()), rel=1e-6
    )
    assert env.observation_space.contains(observation)


def test_the_first_day_is_drawn_from_the_seed_or_given(case):
    env = IslandEnvironment(case)
    drawn = [env.reset(seed=seed)[1]["time"] for seed in range(12)]
    assert drawn == [env.reset(seed=seed)[1]["time"] for seed in range(12)]
    assert len(set(drawn)) == 3
    assert env.reset(options={"start": 2})[1]["time"] == str(case.index[96])


@pytest.mark.parametrize(
    "options",
    [
        {"strat": 4},
        {"start": 0, "weather_yaer": 7},
        {"start": "4"},
        {"start": 0.5},
        {"days": True},
        {"scenario": "tset"},
        {"weather_year": 7},
    ],
)
def test_options_that_are_not_known_are_refused(case, options):
    with pytest.raises(
        InputError, match=r"(?s)unknown option.*accepted: weather_year, start|no whole number|no such"
    ) as caught:
        IslandEnvironment(case).reset(seed=1, options=options)
    assert len(caught.value.problems) == 1


def test_the_value_pays_nothing_for_what_is_only_stored(case):
    rewards = {}
    for name in ("energy", "value"):
        env = IslandEnvironment(case, reward=name, **PLAIN)
        env.reset(options={"start": 0})
        idle = np.zeros(env.action_space.shape, dtype=np.float32)
        charging = idle.copy()
        charging[-1] = 1.0
        rewards[name] = []
        for action in (idle, charging):
            env.reset(options={"start": 0})
            rewards[name].append(env.step(action)[1])
    price = float(case.profiles[0][0].price_jpy_per_kwh[0])
    # 2 MW and 1 MW for half an hour; what is charged loses 5 %
    assert rewards["energy"][0] - rewards["energy"][1] == pytest.approx(1.5 * 0.05)
    assert rewards["value"][0] - rewards["value"][1] == pytest.approx(1500.0 * price)


def test_members_side_by_side_are_each_an_environment_of_its_own(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    some = member(inputs, devices=devices(inputs.fleet), flexible=(ISLAND,))
    members = [some, replace(some, operator="forecast"), replace(some, criterion="n-1-intertrip")]
    case = make_case(inputs, members)
    together, alone = IslandEnvironments(case, **PLAIN), [IslandEnvironment(case, m, **PLAIN) for m in range(3)]
    observations, _ = together.reset(options={"start": 0})
    assert np.array_equal(observations, [env.reset(options={"start": 0})[0] for env in alone])
    for action in actions(alone[0], 24):
        of_members = np.stack([action, 0.5 * action, -action])
        observations, rewards, terminated, truncated, info = together.step(of_members)
        for m, env in enumerate(alone):
            observation, reward, *_, of_one = env.step(of_members[m])
            assert np.array_equal(observations[m], observation)
            assert rewards[m] == reward
            assert {name: value[m] for name, value in info.items() if name != "time"} == {
                name: value for name, value in of_one.items() if name != "time"
            }
    assert not terminated.any() and not truncated.any()
    assert together.observation_space.contains(observations)


def test_members_with_unlike_batteries_are_no_environment(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    members = [member(inputs, flexible=(ISLAND,)), member(inputs, devices=devices(inputs.fleet), flexible=(ISLAND,))]
    with pytest.raises(InputError, match="ordered unlike things"):
        IslandEnvironments(make_case(inputs, members))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"days": 4}, "shorter than an episode"),
        ({"ahead": 49}, "does not reach"),
        ({"reward": "fun"}, "unknown reward"),
    ],
)
def test_impossible_environments_are_told(case, options, text):
    with pytest.raises(InputError, match=text):
        IslandEnvironment(case, **options)


def test_nothing_to_order_is_told(goto_year):
    inputs = goto_year.days(PEAK_DAY)
    with pytest.raises(InputError, match="nothing to order"):
        IslandEnvironment(make_case(inputs, [member(inputs)]))


def test_wrong_actions_are_told(case):
    env = IslandEnvironment(case)
    rest = np.zeros(env.action_space.shape)
    with pytest.raises(InputError, match="call reset"):
        env.step(rest)
    with pytest.raises(InputError, match="no such first day"):
        env.reset(options={"start": 3})
    env.reset(options={"start": 0})
    with pytest.raises(InputError, match="wrong shape"):
        env.step(rest[:-1])
    for wrong in (np.nan, 1.5):
        with pytest.raises(InputError, match="2031-03-21 00:00"):
            env.step(np.full_like(rest, wrong))


@pytest.fixture(scope="module")
def with_everything(goto_year):
    """Two members with site and grid batteries and area balance, each taken for a weather year of its own."""
    inputs = goto_year.days(WINDY_DAY, 2)
    some = member(inputs, devices=devices(inputs.fleet, throttle=True), flexible=(ISLAND,), area_balance=True)
    return make_case(inputs, [some, replace(some, scenario="other", operator="forecast")])


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_every_shipped_rule_earns_its_own_money_through_the_action_space(with_everything, policy):
    case = of_members(with_everything, [0])
    as_policy = under_policies(case, 0, [shipped_policy(policy)])
    _, records = run(as_policy)
    series = series_of_tables(tables_of(as_policy, records), 0.5, stored_at_start_mwh(as_policy, 0))
    own = key_figures(series, ["net_supply_jpy", "energy_used_mwh", "clipped_commands"])
    env = IslandEnvironments(case, reward="value", days=2)
    rule, ended, sums = Rule(env, policy), False, np.zeros(3)
    env.reset(options={"start": 0})
    while not ended:
        _, reward, _, truncated, info = env.step(rule.act())
        sums += [reward[0], info["energy_used_mwh"][0], info["clipped"][0]]
        ended = truncated.all()
    # an action is the order up to one rounding of a double, on values of 1e8 JPY
    assert sums == pytest.approx([float(value) for value in own.values()], rel=1e-9)


def test_float32_actions_of_a_rule_earn_the_same_to_their_rounding(with_everything):
    case = of_members(with_everything, [0])
    env, totals = IslandEnvironments(case, reward="value", days=1), []
    for kind in (np.float64, np.float32):
        rule = Rule(env, "price")
        env.reset(options={"start": 0})
        totals.append(sum(env.step(rule.act().astype(kind))[1][0] for _ in range(48)))
    assert totals[0] == pytest.approx(totals[1], rel=1e-6)


def test_a_rule_that_the_space_cannot_say_is_told(case):
    env = IslandEnvironments(case, **PLAIN)
    env.reset(options={"start": 0})
    with pytest.raises(InputError, match="no action says this order"):
        Rule(env, "self_consumption").act()


def test_against_none_is_the_difference_to_idle_batteries(case):
    env = IslandEnvironments(case, reward="value_against_none", days=1)
    rewards = {}
    for policy in ("none", "self_consumption"):
        env.reset(options={"start": 0})
        rule = Rule(env, policy)
        rewards[policy] = sum(env.step(rule.act())[1][0] for _ in range(48))
    assert rewards["none"] == 0.0
    alone = IslandEnvironments(case, reward="value", days=1)
    sums = []
    for policy in ("none", "self_consumption"):
        alone.reset(options={"start": 0})
        rule = Rule(alone, policy)
        sums.append(sum(alone.step(rule.act())[1][0] for _ in range(48)))
    assert rewards["self_consumption"] == pytest.approx(sums[1] - sums[0], abs=1e-4)
    assert abs(rewards["self_consumption"]) > 1.0


def test_own_reward_and_observation(case):
    env = IslandEnvironment(
        case,
        reward=lambda outcome: outcome.figures["energy_used_mwh"] - outcome.none["energy_used_mwh"],
        observe=lambda view: np.append(view.batteries.soc_percent, np.nan_to_num(view.measured_export_mw)),
        with_none=True,
    )
    shipped = IslandEnvironment(case, reward="energy_against_none")
    action = np.ones(env.action_space.shape, dtype=np.float32)
    for one in (env, shipped):
        one.reset(options={"start": 0})
    seen, reward, *_ = env.step(action)
    assert reward == shipped.step(action)[1] != 0.0
    assert seen.shape == (len(case.sites.groups) + 1,) == env.observation_space.shape
    assert seen[-1] == np.float32(env.together.situation().state.export_mw[0])
    wrong = IslandEnvironment(case, reward=lambda outcome: np.zeros(2))
    wrong.reset()
    with pytest.raises(InputError, match="what the own reward returns"):
        wrong.step(action)
    with pytest.raises(InputError, match="NaN before the first step"):
        IslandEnvironment(case, observe=lambda view: np.array([view.measured_export_mw]))


def test_what_if_changes_nothing(case):
    env, other = IslandEnvironment(case), IslandEnvironment(case)
    rest, full = (np.full(env.action_space.shape, value, dtype=np.float32) for value in (0.0, 1.0))
    for one in (env, other):
        one.reset(options={"start": 1})
    asked = env.simulate(full)
    assert asked[1] != env.simulate(rest)[1]
    for action in (full, rest):
        mine, theirs = env.step(action), other.step(action)
        assert np.array_equal(mine[0], theirs[0]) and mine[1] == theirs[1]
        if action is full:
            assert asked[1] == mine[1] and np.array_equal(asked[0], mine[0])


def test_a_saved_episode_earns_the_same_again(case, tmp_path):
    env = IslandEnvironment(case)
    env.reset(seed=3)
    env.action_space.seed(3)
    ended = False
    while not ended:
        *_, ended, _ = env.step(env.action_space.sample())
    env.episode().save(tmp_path / "episode.npz")
    saved = Episode.read(tmp_path / "episode.npz")
    other = IslandEnvironment(case, days=3)
    assert len(other.replay(saved)) == 48
    assert other.episode().rewards.tolist() == saved.rewards.tolist()
    spoilt = replace(saved, rewards=saved.rewards + 1.0)
    with pytest.raises(InputError, match="earns something else"):
        other.replay(spoilt)
    (tmp_path / "episode.npz").write_text("no")
    with pytest.raises(InputError, match="no saved episode"):
        Episode.read(tmp_path / "episode.npz")


def test_a_reset_chooses_member_day_and_length_without_building_again(with_everything):
    env = IslandEnvironment(with_everything, weather_years=[4, 5])
    _, info = env.reset(options={"weather_year": 5, "start": 0, "days": 2})
    assert (info["weather_year"], info["scenario"], info["time"]) == (5, "other", str(with_everything.index[0]))
    steps = 0
    while True:
        steps += 1
        if env.step(np.zeros(env.action_space.shape))[3]:
            break
    assert steps == 96
    assert env.reset(options={"scenario": "test"})[1]["weather_year"] == 4
    assert {env.reset(seed=seed)[1]["weather_year"] for seed in range(8)} == {4, 5}
    together = IslandEnvironments(with_everything, weather_years=[4, 5], num_envs=3)
    _, info = together.reset(options={"weather_year": [5, 4, 5]})
    assert info["weather_year"].tolist() == [5, 4, 5]
    with pytest.raises(InputError, match="no such member"):
        env.reset(options={"scenario": "test", "weather_year": 5})
    with pytest.raises(InputError, match="no such length"):
        env.reset(options={"days": 3})


def test_the_picture_shows_the_episode(case):
    env = IslandEnvironment(case, render_mode="rgb_array")
    env.reset(options={"start": 0})
    before = env.render()
    env.step(np.ones(env.action_space.shape))
    after = env.render()
    assert before.shape == after.shape == (400, 800, 3)
    assert before.dtype == np.uint8
    assert (before != after).any(axis=2).mean() > 0.01
    with pytest.raises(InputError, match="no such way to draw"):
        IslandEnvironment(case, render_mode="ansi")


def test_without_gymnasium_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def refuse(name, *arguments, **keywords):
        if name == "gymnasium":
            raise ImportError(name)
        return real(name, *arguments, **keywords)

    monkeypatch.delitem(sys.modules, "twin.adapters.environment")
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r'pip install "\.\[gym\]"'):
        importlib.import_module("twin.adapters.environment")
