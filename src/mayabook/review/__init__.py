"""Review of a finished job: its flagged chunks with their takes, and a person's decisions about them.

    with open_review(Path("book.mayabook")) as review:
        for entry in review.entries():
            print(entry.number, entry.verdict.transcript)
        review.accept(12)
    run_request(review.request, force=True, progress=listener)

Every front end, such as the command line or a script, calls these functions and shows the results in its own way.

Each name is imported when it is first used: decisions need no library that writes pages with audio.
"""

from typing import TYPE_CHECKING

from mayabook.core.lazy_imports import lazy_names

if TYPE_CHECKING:
    from mayabook.review.entries import ReviewEntry, TextChange, describe_take, diff_transcript, entry_as_dict
    from mayabook.review.job_review import JobReview, open_review
    from mayabook.review.page import write_review_page
    from mayabook.review.passages import Passage, PassageState

__all__ = [
    "JobReview",
    "Passage",
    "PassageState",
    "ReviewEntry",
    "TextChange",
    "describe_take",
    "diff_transcript",
    "entry_as_dict",
    "open_review",
    "write_review_page",
]

_MODULES = {
    "JobReview": "mayabook.review.job_review",
    "Passage": "mayabook.review.passages",
    "PassageState": "mayabook.review.passages",
    "ReviewEntry": "mayabook.review.entries",
    "TextChange": "mayabook.review.entries",
    "describe_take": "mayabook.review.entries",
    "diff_transcript": "mayabook.review.entries",
    "entry_as_dict": "mayabook.review.entries",
    "open_review": "mayabook.review.job_review",
    "write_review_page": "mayabook.review.page",
}
"""Where each name is defined."""

__getattr__ = lazy_names(__name__, _MODULES)
