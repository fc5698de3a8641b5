"""Measures each detector's CPU time per second of audio: `cost` in `mayabook.checks.detectors` and docs/quality.md.

    python -m bench.detector_cost

The audio is about 20 seconds of the narrator, and the fastest of several runs counts. Detectors of words are timed
without the ASR that they need; detectors of codes are timed on random codes for as many seconds.
"""

import time
from dataclasses import replace

import hibari
import numpy as np

from mayabook.checks import Checker
from mayabook.checks.detectors import Detector, detectors
from mayabook.checks.speaker_embedding import embed_speaker
from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.voice_reference import VoiceReference
from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.core.settings import CheckSettings
from mayabook.core.take import Codes

TEXT = (
    "The boat came in at dawn, with nobody aboard. The woman next door saw it first from the kitchen window, and she "
    "called her brother. They both walked down to the water, where the nets were drying in the wind. The letter in the "
    "cabin was dry, and had never been opened. Nobody in the village could say whose hand had written the address."
)
RUNS = 5
"""Runs of each detector."""
HEAD = "| measure | finding | value | needs | threshold | CPU ms for a second of audio |\n|---|---|---|---|---|---|"


def main() -> None:
    audio, rate = hibari.Hibari(voice="heart")(TEXT, seed=1), hibari.SAMPLE_RATE
    seconds = len(audio) / rate
    checker = Checker(CheckSettings())
    chunk = Chunk(0, 0, (Sentence(TEXT, Span(0, 0, len(TEXT))),), TEXT, Pause.PARAGRAPH)
    n_frames = round(seconds * 24000 / 2048)
    codes = np.random.default_rng(0).integers(0, 4096, (n_frames, 7), dtype=np.int32)
    traces = [np.zeros(codes.size + 1, np.float16)] * 4
    words = checker.align_words(audio, rate, chunk)
    voice = VoiceReference(speaker=embed_speaker(audio, rate, checker.thresholds.signal))
    evidence = replace(checker.signal_evidence(audio, rate, chunk, voice), codes=Codes(codes, *traces), words=words)
    print(f"{seconds:.1f} s of speech\n\n{HEAD}")
    for detector in detectors():
        cpu_seconds = []
        for _ in range(RUNS):
            started = time.process_time()
            detector.score(evidence)
            cpu_seconds.append(time.process_time() - started)
        print("\n".join(table_rows(replace(detector, cost=float(f"{1000 * min(cpu_seconds) / seconds:.2g}")))))


def table_rows(detector: Detector) -> list[str]:
    """Rows of a detector in the table of docs/quality.md, one for each measure."""
    thresholds = load_thresholds().rejection
    return [
        f"| {measure.name} | {measure.kind} | {measure.unit} | {detector.needs} | {thresholds[measure.name]:g} | "
        f"{detector.cost:g} |"
        for measure in detector.measures
    ]


if __name__ == "__main__":
    main()
