"""Books made up for the tests: written by a seeded generator, with the lengths of words and lines of novels."""

import random
from collections.abc import Iterable, Sequence

from mayabook.core.book import Block, BlockKind, Book, Chapter

# fmt: off
_WORDS = [
    "a", "the", "of", "and", "in", "to", "it", "was", "he", "she", "his", "her", "they", "had", "with", "that",
    "for", "at", "on", "as", "but", "by", "from", "not", "were", "all", "into", "there", "could", "one", "when",
    "would", "so", "then", "them", "over", "like", "only", "little", "down", "after", "before", "under", "again",
    "back", "old", "house", "river", "morning", "window", "letter", "garden", "kitchen", "brother", "captain",
    "evening", "mountain", "silence", "remember", "whispered", "yesterday", "nothing", "something", "beautiful",
    "understand", "afternoon", "impossible", "dark", "cold", "road", "night", "light", "door", "hand", "eyes",
    "face", "voice", "water", "wind", "stone", "table", "chair", "glass", "boat", "tree", "rain", "snow", "fire",
    "walked", "turned", "looked",
]
# fmt: on
_NAMES = ["Anna", "Tom", "Mary", "Eleanor", "Baker", "Whitby", "Lucas", "Ines"]


def made_sentence(random_: random.Random, fewest: int, most: int) -> str:
    """Words with a capital, a comma here and there, a name now and then, and an end."""
    n_words = random_.randint(fewest, most)
    words = [random_.choice(_NAMES) if random_.random() < 0.03 else random_.choice(_WORDS) for _ in range(n_words)]
    for place in range(4, n_words - 2):
        if random_.random() < 0.08:
            words[place] += ","
    line = " ".join(words)
    return line[:1].upper() + line[1:] + random_.choice("......!?")


def prose_paragraph(random_: random.Random) -> str:
    n_sentences = random_.choice((1, 2, 3, 3, 4, 4, 5, 6, 7, 9))
    return " ".join(made_sentence(random_, *random_.choice(((3, 8), (8, 18), (12, 30)))) for _ in range(n_sentences))


def dialogue_line(random_: random.Random) -> str:
    said = made_sentence(random_, *random_.choice(((1, 3), (3, 8), (5, 14))))
    attribution = random_.choice(("", "", " said Mary.", " she whispered.", " he asked, and turned away."))
    return f"“{said}”{attribution}"


def paragraphs(n: int, seed: int, dialogue: float) -> list[str]:
    """n paragraphs, a share of them one-line dialogue."""
    random_ = random.Random(seed)
    return [dialogue_line(random_) if random_.random() < dialogue else prose_paragraph(random_) for _ in range(n)]


def book_of(*chapters: Iterable[Block | str], language: str = "en") -> Book:
    """A book of narrated chapters; a text stands for a paragraph, `***` for a scene break, `# ` for a heading."""
    return Book(
        "A Book",
        ("A. Writer",),
        tuple(
            Chapter(number, f"Chapter {number}", tuple(_blocks(contents)))
            for number, contents in enumerate(chapters, start=1)
        ),
        language,
    )


def _blocks(contents: Iterable[Block | str]) -> Sequence[Block]:
    blocks = []
    for place, content in enumerate(contents):
        if isinstance(content, Block):
            blocks.append(content)
        elif content == "***":
            blocks.append(Block(BlockKind.SCENE_BREAK, "", "text.xhtml", f"/html/body/hr[{place}]"))
        elif content.startswith("# "):
            blocks.append(Block(BlockKind.HEADING, content[2:], "text.xhtml", f"/html/body/h2[{place}]", 2))
        else:
            blocks.append(Block(BlockKind.PARAGRAPH, content, "text.xhtml", f"/html/body/p[{place}]"))
    return blocks
