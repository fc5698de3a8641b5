import os
import tempfile

from hypothesis import settings

from mayabook.core.openmp import limit_spinning

limit_spinning()  # the tests share their cores

os.environ["MAYABOOK_MODELS"] = tempfile.mkdtemp(prefix="mayabook-no-models-")
"""Whoever runs the tests may have Maya1 installed; `auto` must not find it."""

settings.register_profile("fuzz", max_examples=400, deadline=None)
