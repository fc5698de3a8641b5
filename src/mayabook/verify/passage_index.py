"""Finds the passage of the text that repeated or misplaced speech comes from, by an n-gram index."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from mayabook.checks.text_normalisation import TextUnit

N_GRAM = 3
"""Words of an n-gram."""
MIN_SHARE = 0.6
"""Share of the recognised words that must occur in the passage."""


class PassageIndex:
    """N-grams of a text, by position. units: of the whole text."""

    def __init__(self, units: Sequence[TextUnit]) -> None:
        self._words = [unit.verbalisations[0] for unit in units]
        self._places: dict[tuple[tuple[str, ...], ...], list[int]] = defaultdict(list)
        for at in range(len(units) - N_GRAM + 1):
            self._places[tuple(self._words[at : at + N_GRAM])].append(at)

    def find(self, heard: Sequence[TextUnit]) -> tuple[int, int] | None:
        """Half-open range of the text units that `heard` repeats; None if there is no such passage."""
        words = [unit.verbalisations[0] for unit in heard]
        runs = [(at, self._places.get(tuple(words[at : at + N_GRAM]), [])) for at in range(len(words) - N_GRAM + 1)]
        shifts = Counter(place - at for at, places in runs for place in places)
        if not shifts:
            return None
        shift, _ = shifts.most_common(1)[0]
        near = len(words)  # a passage may begin in the middle and go on at its beginning
        places = {
            place + n: at + n
            for at, found in runs
            for place in found
            for n in range(N_GRAM)
            if abs(place - at - shift) <= near
        }
        if len(set(places.values())) < MIN_SHARE * len(words):
            return None
        return min(places), max(places) + 1
