"""The documentation site: `make docs` builds it into build/docs; every warning is an error."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as installed
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))
sys.path.insert(0, str(DOCS / "generators"))

import make_reference

project = "goto-twin"
author = "the goto-twin contributors"
release = version = installed("goto-twin")
language = "en"

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
]
exclude_patterns = ["generators/**", "figures/**", "_build/**"]
nitpicky = False

myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 4
suppress_warnings = [
    "myst.xref_missing",  # links to files of the repository that are no pages; tests/docs/test_pages.py opens them
    "myst.header",  # generated pages begin their topics at level 2 below a table
]

nb_execution_mode = os.environ.get("DOCS_NOTEBOOKS", "cache")
"""Notebooks are executed once and kept until their code changes; ``DOCS_NOTEBOOKS=off`` leaves them out."""
if nb_execution_mode == "off":
    suppress_warnings.append("myst-nb.lexer")  # known only after execution
nb_execution_timeout = 1800
nb_execution_raise_on_error = True

autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

html_theme = "furo"
html_title = "goto-twin"
html_show_sphinx = False
html_copy_source = False

make_reference.write_pages(DOCS / "reference")
