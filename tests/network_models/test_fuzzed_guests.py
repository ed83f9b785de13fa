"""Guest files with anything changed: a network, or a refusal in words with its place, never a traceback."""

import json
import warnings

import pandapower as pp
import pytest
from fuzzing import effort, told_well
from hypothesis import given
from hypothesis import strategies as st

from network_models.guest import guest
from twin.core.errors import InputError
from twin.network.model import GridModel

pytestmark = [pytest.mark.fuzz, pytest.mark.filterwarnings("ignore:Generating overly large repr")]

ROLES = {"link": ["circuit 1", "circuit 2"], "curtailable": ["park"], "site_buses": ["village"]}
VALUES = (
    None, True, False, 0, 1, -1, 99, -5, 0.5, 1e-300, 1e13, 1e300, float("nan"), float("inf"), 10**30, "", "x", "1",
    "circuit 1", "PV", "é日\u202e", "\x00\x1b[2J", [], [1], {}, {"a": 1}, [[]],
    {"_module": "numpy", "_class": "float64"},
    {"_module": "numpy", "_class": "float64", "_object": "x"}, {"_module": 3, "_class": None, "_object": {}},
    {"_module": "pandas.core.frame", "_class": "DataFrame", "_object": "{", "orient": "split"}, "y" * 300,
)  # fmt: skip


def _file() -> dict:
    net = pp.create_empty_network(f_hz=60.0)
    mainland, port, village, quay = (pp.create_bus(net, 66.0, name=n) for n in ("mainland", "port", "village", "quay"))
    low = pp.create_bus(net, 6.6, name="low")
    pp.create_ext_grid(net, mainland)
    data = {"r_ohm_per_km": 0.1, "x_ohm_per_km": 0.14, "c_nf_per_km": 240.0, "max_i_ka": 0.5}
    for number in (1, 2):
        pp.create_line_from_parameters(net, port, mainland, 50.0, name=f"circuit {number}", **data)
    pp.create_line_from_parameters(net, port, village, 5.0, name="spur", **data)
    pp.create_switch(net, village, quay, "b")
    pp.create_switch(net, port, 2, "l")
    pp.create_transformer(net, village, low, "25 MVA 110/20 kV")
    net.trafo[["vn_hv_kv", "vn_lv_kv"]] = [66.0, 6.6]
    pp.create_load(net, village, 10.0, 2.0, name="homes")
    pp.create_load(net, low, 1.0, 0.2, name="shops")
    pp.create_sgen(net, port, 20.0, name="park", type="PV")
    pp.create_gen(net, low, 0.5, name="mill")
    pp.create_shunt(net, port, q_mvar=2.0)
    pp.create_storage(net, quay, 0.1, 1.0)
    return json.loads(pp.to_json(net))


FILE = _file()
TABLES = sorted(
    name for name, entry in FILE["_object"].items()
    if isinstance(entry, dict) and entry.get("_class") == "DataFrame" and not name.startswith(("res_", "_"))
    and json.loads(entry["_object"])["data"]
)  # fmt: skip


@st.composite
def changed_file(draw):
    """Return a file with up to three cells, columns, rows, entries or kinds changed."""
    content = json.loads(json.dumps(FILE))
    entries = content["_object"]
    for _ in range(draw(st.integers(1, 3))):
        name, value = draw(st.sampled_from(TABLES)), draw(st.sampled_from(VALUES))
        how = draw(st.sampled_from(["cell", "cell", "cell", "cell", "column", "row", "twice", "index", "entry", "net"]))
        if how == "net":
            content[draw(st.sampled_from(["_module", "_class", "_object"]))] = value
            return content
        if how == "entry" or not isinstance(entries.get(name), dict) or "_object" not in entries[name]:
            key = draw(st.sampled_from([*entries, "controller", "trafo_characteristic_table", "mine"]))
            entries[key] = value
            continue
        try:
            table = json.loads(entries[name]["_object"])
        except (TypeError, json.JSONDecodeError):
            continue
        column = draw(st.integers(0, len(table["columns"]) - 1)) if table["columns"] else 0
        row = draw(st.integers(0, len(table["data"]) - 1)) if table["data"] else 0
        if how == "cell" and table["data"] and table["columns"]:
            table["data"][row][column] = value
        elif how == "column" and table["columns"]:
            table["columns"][column] = draw(st.sampled_from(["x", 3, None, table["columns"][0]]))
        elif how == "row" and table["data"]:
            del table["data"][row], table["index"][row]
        elif how == "twice" and table["data"]:
            table["data"].append(table["data"][row])
            table["index"].append(draw(st.sampled_from([table["index"][row], 77, "x", None, -1])))
        elif how == "index" and table["index"]:
            table["index"][row] = value
        entries[name]["_object"] = json.dumps(table)
    return content


@given(content=changed_file())
@effort(4)
def test_a_changed_guest_file(tmp_path, content):
    file = tmp_path / "guest.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    read_or_told(file)


@given(at=st.integers(0, len(json.dumps(FILE)) - 1), piece=st.text(max_size=3))
@effort(2)
def test_a_cut_guest_file(tmp_path, at, piece):
    text = json.dumps(FILE)
    (tmp_path / "guest.json").write_bytes((text[:at] + piece + text[at + 1 :]).encode("utf-8", "surrogatepass"))
    read_or_told(tmp_path / "guest.json")


def read_or_told(file):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            assert isinstance(guest(file, ROLES), GridModel)
        except InputError as error:
            told_well(error)
