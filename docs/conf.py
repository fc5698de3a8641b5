"""The documentation site (`make docs`). Its pages lie as in the repository, so the same links work in both."""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from pydantic import BaseModel
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

import mayabook.testing  # noqa: E402, F401  pydantic models must be defined before autodoc rewrites annotations
from mayabook.core.setting_fields import setting_fields  # noqa: E402
from mayabook.core.settings import Settings  # noqa: E402

project = "MayaBook"
author = "The MayaBook authors"
copyright = f"2026, {author}. Apache-2.0"
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "examples/**.md", "tests/**.md", "training/**.md"]
exclude_patterns = [".*", "**/build", "build", "dist", "src"]
myst_heading_anchors = 4

autodoc_class_signature = "separated"
autodoc_default_options = {"members": True, "undoc-members": True, "exclude-members": "__init__, __new__"}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_use_type_comments = False
maximum_signature_line_length = 80
python_use_unqualified_type_names = True
default_role = "code"  # docstrings mark code with single backticks, as Markdown does

highlight_language = "text"
html_theme = "furo"
html_title = "MayaBook"
html_css_files = ["tables.css"]
html_extra_path = ["site"]
html_static_path = ["static"]
html_copy_source = False
html_show_sphinx = False


class SettingsTables(SphinxDirective):
    """A section with a table for each table of a settings file, from what the settings models say of their fields."""

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(_settings_tables()), allow_section_headings=True)


def _settings_tables() -> Iterator[str]:
    """Lines of Markdown."""
    for table, field in Settings.model_fields.items():
        model = field.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        yield from (
            f"## [{table}]",
            "",
            f"{model.__doc__}",
            "",
            "| setting | takes | default | meaning |",
            "|---|---|---|---|",
        )
        for setting in setting_fields(table, model):
            values = setting.accepted.replace("|", "\\|")
            yield f"| `{setting.name}`<br>`{setting.flag}` | {values} | {setting.default} | {setting.description} |"
        yield ""


def setup(app: Sphinx) -> None:
    app.add_directive("settings", SettingsTables)
