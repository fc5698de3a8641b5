import os
import tempfile

os.environ["MAYABOOK_MODELS"] = tempfile.mkdtemp(prefix="mayabook-no-models-")
"""Whoever runs the tests may have Maya1 installed; `auto` must not find it."""
