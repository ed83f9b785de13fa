"""Kernels whose arithmetic may be reordered hold no complex numbers.

numba compiles complex products, quotients and moduli once a process, under the flags of the first kernel that needs
them. One complex product under loose flags made other kernels round differently from one cache to the next.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPLEX = {"complex", "conj", "real", "imag", "angle", "exp"}


def loose_kernels(path):
    """Return the functions of a file that are compiled with reordering allowed."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any("fastmath" in ast.unparse(d) for d in node.decorator_list)
    ]


def complex_parts(function):
    """Return what of a function's body deals with complex numbers."""
    for node in ast.walk(function):
        name = getattr(node, "id", getattr(node, "attr", ""))
        if name in COMPLEX or (isinstance(node, ast.Constant) and isinstance(node.value, complex)):
            yield name or repr(node.value)


LOOSE = [path for path in sorted((ROOT / "twin").rglob("*.py")) if "fastmath" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", LOOSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_reordered_kernels_hold_no_complex_numbers(path):
    found = {function.name: set(complex_parts(function)) for function in loose_kernels(path)}
    assert found, "the file names fastmath, and no kernel has it"
    assert {name: parts for name, parts in found.items() if parts} == {}


def test_a_complex_product_is_found(tmp_path):
    file = tmp_path / "kernel.py"
    file.write_text("@njit(fastmath=FLAGS)\ndef power(v, i):\n    return (v * np.conj(i)).real\n", encoding="utf-8")
    (function,) = loose_kernels(file)
    assert set(complex_parts(function)) == {"conj", "real"}
