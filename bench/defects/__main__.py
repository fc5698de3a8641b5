"""python -m bench.defects: builds a labelled corpus of takes, scores it, fits the thresholds and writes
docs/quality.md.

Without a command all stages run in order; each resumes where it stopped. fit changes mayabook/checks/thresholds.toml.
"""

from pathlib import Path
from typing import Annotated

import typer

from bench.defects import corpus, prompt_leaks, scores, second_recogniser, table, thresholds
from bench.defects.cost import Cost, measure
from bench.defects.fit_table import fit_table
from bench.defects.picture import draw
from mayabook.core.errors import MayaBookError
from mayabook.core.files import write_text

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
WORK = Path("build/defects")
TIMED = 40
"""Clean takes that the CPU time of the checks is measured on."""
Work = Annotated[Path, typer.Option("--work", help="Folder of takes and scores.")]
Workers = Annotated[int, typer.Option(help="Processes.")]


@app.callback(invoke_without_command=True)
def whole(context: typer.Context, work: Work = WORK, workers: Workers = 2) -> None:
    if context.invoked_subcommand is None:
        build(work, workers)
        score(work, workers)
        fit(work, workers)
        report(work, workers)


@app.command()
def build(work: Work = WORK, workers: Workers = 2) -> None:
    """1: synthesise the takes and put defects into them."""
    corpus.build(work, [*corpus.plans(), *corpus.voice_plans()], workers)


@app.command()
def score(work: Work = WORK, workers: Workers = 2) -> None:
    """2: score each take by the checks."""
    scores.score(work, corpus.read_index(work), workers)


@app.command()
def fit(work: Work = WORK, workers: Workers = 2) -> None:
    """3: fit the thresholds, and write what they reject on the splits that they are chosen on."""
    rows = corpus.read_index(work)
    examined, current = scores.score(work, rows, workers), thresholds.current_thresholds()
    fitted = thresholds.fit(rows, examined, current)
    for name, old in current.items():
        kept = "" if name in fitted.taken else ", not taken"
        print(f"thresholds: {name} {old:g} -> {fitted.thresholds[name]:g}{kept}")
    print(
        f"thresholds: fitted to {fitted.allowed:.0%} of the false alarms allowed; on validation {fitted.caught:.1%} of "
        f"the defects by weight are caught, at {fitted.alarms:.0%} of the false alarms allowed"
    )
    print(f"thresholds: {thresholds.write_thresholds(fitted.taken)}")
    figures = fit_table(rows, examined, current, fitted)
    print(figures)
    table.write_between(table.FIT_BEGIN, table.FIT_END, figures)


@app.command()
def report(
    work: Work = WORK, workers: Workers = 2, cost: Annotated[bool, typer.Option(help="Time the checks.")] = True
) -> None:
    """4: write the tables, and list the wrong verdicts on the other splits in WORK/missed.md."""
    rows = corpus.read_index(work)
    examined, bounds = scores.score(work, rows, workers), thresholds.current_thresholds()
    figures = table.table(rows, examined, bounds, _cost(rows, work) if cost else None)
    print(figures)
    if cost:
        table.write_page(figures)
        table.write_between(table.MISREAD_BEGIN, table.MISREAD_END, table.misread_table(rows, examined, bounds))
        draw(rows, examined, bounds)
    wrong = [*table.misses(rows, examined, bounds, lambda row: row.grade != "other" and row.split != "test")]
    write_text(work / "missed.md", "\n".join(wrong) + "\n")


@app.command()
def misread(work: Work = WORK, workers: Workers = 2) -> None:
    """Wrong readings alone: build, score, fit their threshold and write their table, in some minutes."""
    planned = [plan for plan in corpus.plans() if plan.label in (corpus.MISREAD, corpus.RIGHT)]
    corpus.build(work / "misread", planned, workers)
    rows = corpus.read_index(work / "misread")
    examined = scores.score(work / "misread", rows, workers)
    current = thresholds.current_thresholds()[corpus.MISREAD]
    fitted = thresholds.fit(rows, examined, {corpus.MISREAD: current})
    print(f"thresholds: {fitted.thresholds} in {thresholds.write_thresholds(fitted.thresholds)}")
    figures = table.misread_table(rows, examined, thresholds.current_thresholds())
    print(figures)
    table.write_between(table.MISREAD_BEGIN, table.MISREAD_END, figures)
    wrong = table.misses(rows, examined, thresholds.current_thresholds(), lambda row: row.split != "test")
    write_text(work / "missed_misread.md", "\n".join(wrong) + "\n")


@app.command()
def second(work: Work = WORK, every: Annotated[int, typer.Option(help="Take every n-th take.")] = 6) -> None:
    """The second recogniser: compare it with the first one, alone and in doubt, in some minutes."""
    rows = second_recogniser.sample(corpus.read_index(work), every)
    figures = second_recogniser.second_recogniser_table(rows, work)
    print(figures)
    table.write_between(table.SECOND_BEGIN, table.SECOND_END, figures)


@app.command()
def leaks(work: Work = WORK, workers: Workers = 2) -> None:
    """Spoken descriptions: synthesise, judge and write their table, in some minutes; wrong verdicts are listed in
    WORK/missed_leaks.md."""
    wanted = prompt_leaks.takes()
    judged = prompt_leaks.judge(wanted, work / "leaks", workers)
    figures = prompt_leaks.leak_table(wanted, judged)
    print(figures)
    table.write_between(table.LEAKS_BEGIN, table.LEAKS_END, figures)
    write_text(work / "missed_leaks.md", "\n".join(prompt_leaks.wrong(wanted, judged)) + "\n")


def _cost(rows: list[corpus.Labelled], work: Path) -> Cost:
    clean = [row for row in rows if row.label == corpus.CLEAN and row.split == "test"]
    return measure(clean[:: max(1, len(clean) // TIMED)], work)


def main() -> None:
    try:
        app()
    except MayaBookError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
