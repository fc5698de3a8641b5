"""Splits text into words, as counted in the proof that no word is lost or doubled."""


def words(text: str) -> list[str]:
    """Whitespace-separated tokens with a letter or digit; bare punctuation is not spoken and not counted."""
    return [word for word in text.split() if word[0].isalnum() or any(map(str.isalnum, word))]
