"""Durations, sizes and counts in words."""


def duration(seconds: float) -> str:
    """`2 h 5 min`, `12 min` or `40 s`."""
    if seconds < 100:
        return f"{round(seconds)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def megabytes(size: float) -> str:
    """`7.5 MB` or `1.2 GB`."""
    if size >= 1000:
        return f"{size / 1000:.1f} GB"
    return f"{size:.1f} MB" if size < 10 else f"{size:.0f} MB"


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 word` or `2,664 words`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
