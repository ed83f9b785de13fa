"""Policies by name: a shipped one, or a class in a user's Python file."""

from __future__ import annotations

import ast
import hashlib
import inspect
import pickle
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from studies.study.names import Assignment, nearest
from twin.core.errors import InputError, Problem, raise_if_any
from twin.policies.catalogue import POLICIES, shipped_policy

if TYPE_CHECKING:
    from twin.policies.interface import Cadence, Dispatch, Policy, View


def policy_sources(name: str, folder: Path) -> dict[str, Path]:
    """Return the Python files of a policy: its own and those beside it that it imports, and so on.

    Files that it reads otherwise, like tables and weights, are not known.

    Parameters
    ----------
    name : str
        Name of a shipped policy, of which nothing is returned, or ``<file>.py:<class>``.
    folder : pathlib.Path
        What a relative path starts from.

    Returns
    -------
    dict of str to pathlib.Path
        By their path as in `name`.
    """
    if name in POLICIES:
        return {}
    file, _ = policy_file(name, folder)
    stated = Path(name.rpartition(":")[0] or name).parent
    found, left = {file}, [file]
    while left:
        new = set(_beside(left.pop())) - found
        found |= new
        left += new
    return {(stated / path.name).as_posix(): path for path in sorted(found)}


def _beside(file: Path) -> Iterator[Path]:
    """Yield the modules in the same folder that a file imports anywhere."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        for name in names:
            path = file.parent / f"{name.partition('.')[0]}.py"
            if path.is_file():
                yield path


KEY = "operation.policy"
_ENDING = ".py"
_SIGNATURE = "def decide(self, view): ... return a Dispatch"


class FilePolicy:
    """A policy of a user's file, which other processes find by its path.

    Parameters
    ----------
    file : pathlib.Path
    policy : Policy
        Object of a class of the file.
    """

    def __init__(self, file: Path, policy: Policy) -> None:
        self.file = file
        self.policy = policy
        self.name = f"{file.name}:{type(policy).__name__}"

    @property
    def cadence(self) -> Cadence:
        """How often it decides."""
        return self.policy.cadence

    def decide(self, view: View) -> Dispatch:
        """Return the orders of the user's policy."""
        return self.policy.decide(view)

    def __reduce__(self) -> tuple[Any, ...]:
        """Import the file before its objects are restored, also for a copy."""
        return _restored, (self.file, type(self.policy).__module__, pickle.dumps(self.policy))


def policy_problems(assignments: Iterable[Assignment], folder: Path) -> Iterator[Problem]:
    """Yield what is wrong with the policies that a study names, each at the first place that names it.

    Parameters
    ----------
    assignments : iterable of (str, object, str)
        Every value of a study by dotted key, and its place in the file.
    folder : pathlib.Path
        Folder of the study file.
    """
    seen = {"", *POLICIES}  # a shipped one is not made here: pandas takes long
    for key, value, where in assignments:
        if key == KEY and isinstance(value, str) and value not in seen:
            seen.add(value)
            try:
                load_policy(value, folder, where)
            except InputError as error:
                yield from error.problems


def load_policy(name: str, folder: Path, where: str = f"[{KEY.replace('.', '] ')}") -> Policy:
    """Return the policy that a study names, a new one each time.

    Parameters
    ----------
    name : str
        Name of a shipped policy, or ``<file>.py:<class>``.
    folder : pathlib.Path
        What a relative path starts from.
    where : str
        Place of the name, for messages.

    Raises
    ------
    InputError
        If there is no such policy, or with all that keeps the class from being one.
    """
    if name in POLICIES:
        return shipped_policy(name)
    if _ENDING not in name:
        accepted = f"{', '.join(POLICIES)}, or my_policy.py:MyPolicy"
        raise InputError([Problem(f"{KEY} has an unknown value", where, repr(name), accepted, nearest(name, POLICIES))])
    file, class_name = policy_file(name, folder)
    module = imported(file, where)
    found = vars(module).get(class_name)
    if not inspect.isclass(found):
        raise InputError([_no_class(file, class_name, module, where)])
    return FilePolicy(file, _made(found, file, where))


def policy_file(name: str, folder: Path) -> tuple[Path, str]:
    """Return the file and the class that ``<file>.py:<class>`` names; the class is empty where it is left out."""
    path, _, class_name = name.rpartition(":")
    if not path.endswith(_ENDING):
        path, class_name = name, ""
    return (folder / path).resolve(), class_name


def imported(file: Path, where: str, kind: str = "policy") -> ModuleType:
    """Return the module of a user's file; the same content is executed once, and no bytecode is left beside it.

    Parameters
    ----------
    file : pathlib.Path
    where : str
        Place that names the file, for messages.
    kind : str
        What the file is to hold.

    Raises
    ------
    InputError
        If there is no such file or it cannot be imported.
    """
    if not file.is_file():
        others = ", ".join(sorted(other.name for other in file.parent.glob(f"*{_ENDING}")))
        accepted = f"a Python file; in this folder: {others or 'none'}"
        raise InputError([Problem(f"there is no such {kind} file", where, str(file), accepted)])
    content = file.read_bytes()
    name = f"{kind}_{file.stem}_{hashlib.sha256(str(file).encode() + content).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    module = ModuleType(name)
    module.__file__ = str(file)
    sys.modules[name] = module
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))  # last, so that a file beside the policy replaces no package
    try:
        exec(compile(content, str(file), "exec"), vars(module))  # noqa: S102 - the user's own policy
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        what = f"the {kind} file cannot be imported: {type(error).__name__}: {error}"
        repair = f"correct the file until `python {file.name}` runs in this environment"
        raise InputError([Problem(what, where, _line(error, file), repair=repair)]) from error
    return module


def _restored(file: Path, module_name: str, saved: bytes) -> FilePolicy:
    """Return a policy from another process; its file has to be as it was."""
    module = imported(file, f"policy file {file.name}")
    if module.__name__ != module_name:
        repair = "run again; change a policy file only between runs"
        raise InputError([Problem("the policy file was changed while the run was under way", str(file), repair=repair)])
    return FilePolicy(file, pickle.loads(saved))  # noqa: S301 - written by this run


def _made(found: type, file: Path, where: str) -> Policy:
    """Return an object of the class.

    Raises
    ------
    InputError
        With all that keeps the class from being a policy.
    """
    from twin.policies.interface import Cadence

    title = f"{file.name}:{found.__name__}"
    arguments = _needed(found)
    if arguments:
        seen = f"{title}({', '.join(arguments)})"
        raise InputError([Problem("the policy class needs arguments", where, seen, "defaults for all of them")])
    try:
        policy = found()
    except (Exception, SystemExit) as error:
        what = f"the policy cannot be made: {type(error).__name__}: {error}"
        raise InputError([Problem(what, where, f"{title}() at {_line(error, file)}")]) from error
    problems = []
    decide, cadence = getattr(policy, "decide", None), getattr(policy, "cadence", None)
    if not callable(decide):
        problems.append(Problem("the policy class has no method decide", where, title, _SIGNATURE))
    elif not _takes_a_view(decide):
        problems.append(Problem("decide has another signature", where, _shown(decide, title), _SIGNATURE))
    elif inspect.iscoroutinefunction(decide) or inspect.isgeneratorfunction(decide):
        problems.append(Problem("decide is async or yields", where, _shown(decide, title), _SIGNATURE))
    if not isinstance(cadence, Cadence):
        what = "the policy class has no cadence" if cadence is None else "cadence is no Cadence"
        accepted = "HALF_HOUR, THREE_HOURS, DAY, GATE_CLOSURE or Cadence(...) of twin.policies.interface"
        problems.append(Problem(what, where, title if cadence is None else f"{title}: {cadence!r}", accepted))
    raise_if_any(problems)
    _require_picklable(policy, title, where)
    made: Policy = policy
    return made


def _needed(found: type) -> list[str]:
    """Return the arguments without defaults that the class needs."""
    try:
        parameters = inspect.signature(found).parameters.values()
    except ValueError:
        return []
    fixed = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind not in fixed]


def _takes_a_view(decide: Any) -> bool:  # noqa: ANN401 - whatever a user calls decide
    try:
        inspect.signature(decide).bind(None)
    except (TypeError, ValueError):
        return False
    return True


def _shown(decide: Any, title: str) -> str:  # noqa: ANN401 - whatever a user calls decide
    """Return the signature as it stands in the file, `self` included."""
    return f"{title}: def decide{inspect.signature(getattr(decide, '__func__', decide))}"


def _require_picklable(policy: Policy, title: str, where: str) -> None:
    try:
        pickle.dumps(policy)
    except Exception as error:
        seen = f"{title}: {type(error).__name__}: {error}"
        repair = "make functions methods; open files and solvers inside decide, or leave them out in __getstate__"
        what = "the policy cannot be sent to another process"
        raise InputError([Problem(what, where, seen, "attributes that pickle can save", repair)]) from error


def _no_class(file: Path, class_name: str, module: ModuleType, where: str) -> Problem:
    classes = [
        name
        for name, found in vars(module).items()
        if inspect.isclass(found) and found.__module__ == module.__name__ and hasattr(found, "decide")
    ]
    accepted = f"a class with decide; in {file.name}: {', '.join(classes) or 'none'}"
    if not class_name:
        return Problem("the class is missing", where, file.name, accepted, f"write {file.name}:<class>")
    if class_name in vars(module):
        kind = type(vars(module)[class_name]).__name__
        repair = f"write {file.name}:{kind}" if kind in classes else ""
        return Problem(f"{class_name} is no class", where, f"object of type {kind}", accepted, repair)
    return Problem("the policy file has no such class", where, class_name, accepted, nearest(class_name, classes))


def _line(error: BaseException, file: Path) -> str:
    """Return the line of the user's file at which an error came up."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return f"{file}, line {error.lineno}: {(error.text or '').strip()}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f"{file}, line {frames[-1].lineno}: {frames[-1].line}" if frames else str(file)
