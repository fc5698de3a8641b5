"""Kokoro's English voices, by name."""

VOICES = tuple(
    "af_alloy af_aoede af_bella af_heart af_jessica af_kore af_nicole af_nova af_river af_sarah af_sky "
    "am_adam am_echo am_eric am_fenrir am_liam am_michael am_onyx am_puck am_santa "
    "bf_alice bf_emma bf_isabella bf_lily bm_daniel bm_fable bm_george bm_lewis".split()
)
"""The English voices of Kokoro-82M v1.0. First letter: American or British; second: female or male."""


def is_british(name: str) -> bool:
    return name.startswith("b")


def describe(name: str) -> str:
    """How a voice of `VOICES` sounds, in a sentence."""
    gender = "Female" if name[1] == "f" else "Male"
    return f"{gender}, {'British' if is_british(name) else 'American'} accent."
