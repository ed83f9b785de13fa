"""A policy of a user's own file: its class found, checked and made; all in the policy's own process."""

from __future__ import annotations

import difflib
import hashlib
import inspect
import pickle
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from twin.core.errors import InputError, Problem, raise_if_any
from twin.policies.interface import Cadence, Policy

_ENDING = ".py"
_SIGNATURE = "def decide(self, view): ... return a Dispatch"


def policy_of_file(file: Path, class_name: str, where: str) -> Policy:
    """Return a new object of the policy class of a file.

    Parameters
    ----------
    file : pathlib.Path
    class_name : str
        Empty where the user has left it out.
    where : str
        Place that names the policy, for messages.

    Raises
    ------
    InputError
        With all that keeps it from being a policy.
    """
    module = imported(file, where)
    found = vars(module).get(class_name)
    if not inspect.isclass(found):
        raise InputError([_no_class(file, class_name, module, where)])
    return _made(found, file, where)


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


def _made(found: type, file: Path, where: str) -> Policy:
    """Return an object of the class.

    Raises
    ------
    InputError
        With all that keeps the class from being a policy.
    """
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
    return Problem("the policy file has no such class", where, class_name, accepted, _nearest(class_name, classes))


def _line(error: BaseException, file: Path) -> str:
    """Return the line of the user's file at which an error came up."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return f"{file}, line {error.lineno}: {(error.text or '').strip()}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f"{file}, line {frames[-1].lineno}: {frames[-1].line}" if frames else str(file)


def _nearest(seen: str, known: list[str]) -> str:
    close = difflib.get_close_matches(seen, known, n=2)
    return f"did you mean {' or '.join(close)}?" if close else ""
