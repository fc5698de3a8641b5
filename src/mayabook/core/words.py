"""What counts as the words of a text, for the proof that none is lost or doubled."""


def words(text: str) -> list[str]:
    """Whitespace-separated pieces that hold a letter or digit: bare punctuation is not spoken."""
    return [word for word in text.split() if any(char.isalnum() for char in word)]
