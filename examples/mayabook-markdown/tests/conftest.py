"""These tests need the package to be installed; `tests/integration/test_markdown_package.py` does that and runs them."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("mayabook_markdown") else ["test_*.py"]
