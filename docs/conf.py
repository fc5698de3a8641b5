"""The documentation site (`make docs`). Its pages lie as in the repository, so the same links work in both."""

import tomllib
from pathlib import Path

_PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]

project = "MayaBook"
author = "The MayaBook authors"
copyright = f"2026, {author}. Apache-2.0"
version = release = _PROJECT["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "examples/*.md", "training/**.md"]
exclude_patterns = [".*", "build", "dist", "src", "tests"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
python_use_unqualified_type_names = True
maximum_signature_line_length = 80
default_role = "code"  # docstrings mark code with single backticks, as Markdown does

highlight_language = "text"

html_theme = "furo"
html_title = "MayaBook"
html_extra_path = ["site"]
html_copy_source = False
html_show_sphinx = False
