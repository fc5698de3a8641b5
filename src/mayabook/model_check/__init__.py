"""Checks that the files of a model are whole, belong together, and give the same logits."""

from collections.abc import Iterator

from mayabook.model_check.file_checks import CODEC, CheckResult, check_files
from mayabook.model_check.logit_parity import logit_parity
from mayabook.models.store import ModelFiles

__all__ = ["CheckResult", "check_model"]


def check_model(files: ModelFiles) -> Iterator[CheckResult]:
    """Yields the result of each check; logits, which take longest, come last."""
    is_sound = True
    for result in check_files(files):
        if result.state == "failed" and result.name != CODEC:  # no logits come from the codec
            is_sound = False
        yield result
    if is_sound:
        yield from logit_parity(files)
    else:
        yield CheckResult("logits", "skipped", "not compared, because a check above failed")
