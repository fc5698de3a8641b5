"""Where else in the text words stand that were heard out of place: a passage said twice, or in the wrong order."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from mayabook.checks.text_normalisation import TextUnit

N_GRAM = 3
"""Words in a row that are looked up."""
MIN_SHARE = 0.6
"""Of the words heard, that must stand there."""


class PassageIndex:
    def __init__(self, slots: Sequence[TextUnit]) -> None:
        self._words = [slot.verbalisations[0] for slot in slots]
        self._places: dict[tuple[tuple[str, ...], ...], list[int]] = defaultdict(list)
        for at in range(len(slots) - N_GRAM + 1):
            self._places[tuple(self._words[at : at + N_GRAM])].append(at)

    def find(self, heard: Sequence[TextUnit]) -> tuple[int, int] | None:
        """The slots (first, end) of the text that `heard` repeats; None where it does not."""
        words = [slot.verbalisations[0] for slot in heard]
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
