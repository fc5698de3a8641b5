"""Pronunciations in IPA inside a spoken text: `[Siobhan](/ʃɪˈvɔːn/)`, for engines that speak phonemes."""

import re
from collections.abc import Callable

IPA_SYMBOLS = frozenset(
    "abcdefhijklmnopqrstuvwxyzæçðøħŋœβθχɐɑɒɓɔɕɖɗɘəɚɛɜɝɞɟɠɡɢɣɤɥɦɧɨɪɫɬɭɮɯɰɱɲɳɴɵɶɸɹɺɻɽɾʀʁʂʃʄʈʉʊʋʌʍʎʏʐʑʒʔʕʘʙʛʜʝʟʡʢʤʧ"
    "ˈˌːˑ̩̯̃̆ʰʲʷˠˤ̪.‿ g"
)
"""What a pronunciation may be written with."""

_MARKED = re.compile(r"\[([^\[\]]+)\]\(/([^/()]+)/\)")


def with_ipa(word: str, ipa: str) -> str:
    """The word with its pronunciation."""
    return f"[{word}](/{ipa}/)"


def without_ipa(text: str) -> str:
    """The text with the words alone, for an engine that does not speak phonemes."""
    return _MARKED.sub(r"\1", text)


def convert_ipa(text: str, convert: Callable[[str], str]) -> str:
    """The text with each pronunciation in another alphabet."""
    return _MARKED.sub(lambda marked: with_ipa(marked[1], convert(marked[2])), text)
