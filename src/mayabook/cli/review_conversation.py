"""The dialogue of `mayabook review` on a terminal: shows one chunk at a time and asks what to do with it."""

from collections.abc import Sequence

from rich.console import Console
from rich.prompt import Confirm, Prompt

from mayabook.cli.review_list import print_entry
from mayabook.core.errors import JobError, ScriptError
from mayabook.review import JobReview, ReviewEntry

KEYS = "[b]a[/b]ccept  [b]r[/b]edo  [b]e[/b]dit text  choose [b]t[/b]ake  [b]s[/b]kip  [b]q[/b]uit"


def ask_for_decisions(review: JobReview, entries: Sequence[ReviewEntry]) -> bool:
    """Returns True if something was decided and the person wants the audiobook made again now."""
    console = Console()
    if not entries:
        console.print("No chunk is flagged.")
        return False
    n_decided = 0
    for place, entry in enumerate(entries, 1):
        console.rule(f"{place} of {len(entries)}")
        print_entry(console, entry)
        answer = _ask(console, review, entry)
        if answer == "q":
            break
        n_decided += answer != "s"
    if not n_decided:
        return False
    return Confirm.ask(f"Decided on {n_decided}. Make the audiobook again now?", default=True, console=console)


def _ask(console: Console, review: JobReview, entry: ReviewEntry) -> str:
    """Asks until a valid decision is given, carries it out and returns its key."""
    while True:
        console.print(KEYS, highlight=False)
        answer = Prompt.ask("Decision", choices=list("aretsq"), default="s", show_choices=False, console=console)
        try:
            if answer == "a":
                review.accept(entry.number)
            elif answer == "r":
                review.redo(entry.number)
            elif answer == "e":
                text = Prompt.ask("New text (empty: the book's own)", default="", console=console)
                review.set_text(entry.number, text)
            elif answer == "t":
                numbers = [str(take.attempt + 1) for take, _ in entry.takes]
                review.choose_take(entry.number, int(Prompt.ask("Take", choices=numbers, console=console)))
        except (JobError, ScriptError) as error:
            console.print(str(error), style="red", markup=False)
            continue
        return answer
