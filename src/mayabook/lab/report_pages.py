"""Writes reports as a self-contained HTML page, or as Markdown with SVG figures in a folder beside it."""

import base64
import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from mayabook.core.audio_files import read_flac
from mayabook.core.files import make_folder, write_text
from mayabook.lab.audio_embedding import embed_mp3
from mayabook.lab.report import AudioClip, ReportSection, ReportTable


def render(template: str, **values: Any) -> str:
    """Renders a Jinja template of this package with HTML escaping."""
    page = Environment(loader=PackageLoader("mayabook.lab"), autoescape=True, trim_blocks=True).get_template(template)
    return page.render(**values)


def write_html(file: Path, title: str, facts: Sequence[str], sections: Sequence[ReportSection]) -> None:
    """Writes a report as one HTML file. facts: paragraphs under the title on what was run."""
    shown = [(section, [_player(clip) for clip in section.clips]) for section in sections]
    write_text(file, render("report.html.j2", title=title, facts=facts, sections=shown))


def _player(clip: AudioClip) -> dict[str, str]:
    """Template values of a clip: caption, audio and spectrogram as data URIs."""
    from mayabook.lab.plots import spectrogram_png

    picture = base64.b64encode(spectrogram_png(*read_flac(clip.file))).decode()
    return {"caption": clip.caption, "audio": embed_mp3(clip.file, None), "picture": f"data:image/png;base64,{picture}"}


def markdown(title: str, facts: Sequence[str], sections: Sequence[ReportSection], pictures: str) -> str:
    """A report as Markdown. pictures: folder of the figures, relative to the document."""
    blocks = [f"# {title}", *facts]
    for section in sections:
        blocks += [f"## {section.title}", f"**{section.verdict}**", *section.paragraphs]
        blocks += [markdown_table(one) for one in section.tables]
        blocks += [f"![{figure.caption}]({pictures}/{figure.name}.svg)" for figure in section.figures]
    return "\n\n".join(blocks) + "\n"


def write_markdown(file: Path, title: str, facts: Sequence[str], sections: Sequence[ReportSection]) -> None:
    """Writes a report as Markdown; its figures go into a folder named like the document, without extension."""
    write_figures(file.with_suffix(""), sections)
    write_text(file, markdown(title, facts, sections, file.stem))


def write_figures(folder: Path, sections: Sequence[ReportSection]) -> None:
    """Writes the figures as SVG files, without trailing spaces."""
    make_folder(folder)
    for section in sections:
        for figure in section.figures:
            write_text(folder / f"{figure.name}.svg", re.sub(r"[ \t]+$", "", figure.svg, flags=re.MULTILINE))


def markdown_table(one: ReportTable) -> str:
    """A table as Markdown."""
    lines = [one.head, ["---"] * len(one.head), *one.rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    """Escapes a text for a Markdown table."""
    return html.escape(text, quote=False).replace("|", "\\|")
