"""Token ids of a Maya1 model, as data: small models with smaller vocabularies use the same code."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Protocol

from mayabook.core.errors import ModelError

CODES_PER_FRAME = 7
"""Tokens of a frame: `[L1, L2a, L3a, L3b, L2b, L3c, L3d]`."""
CODEBOOK_LEVELS = (0, 1, 2, 2, 1, 2, 2)
"""Codec level (0 is the coarsest) of each position within a frame."""
SAMPLES_PER_FRAME = 2048
"""Samples of audio in a frame, at `SAMPLE_RATE`."""
SAMPLE_RATE = 24_000
TOKENS_PER_SECOND = SAMPLE_RATE / SAMPLES_PER_FRAME * CODES_PER_FRAME
"""Tokens per second of audio: 82.03."""

LAYOUT_FILE = "layout.json"
"""Beside the tokenizer of a checkpoint whose layout is not Maya1's own."""
LAYOUT_KEY = "mayabook.layout"
"""Metadata key under which a GGUF file carries the same JSON."""


class Vocabulary(Protocol):
    """What a layout is checked against: the tokenizer of a checkpoint, or that of a GGUF file."""

    @property
    def vocab_size(self) -> int: ...

    def name(self, token: int) -> str:
        """Text of a token, `<custom_token_10>`."""
        ...

    def special(self, text: str) -> int | None:
        """Id of the added token with exactly this text, None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Layout:
    """The defaults are Maya1's. Codes are `first_code + codebook_size * position + code`, position within the frame
    from 0 to 6.

    The ids from `code_end` to `last_code` are the audio ids: engines compute logits for these alone, and an array of
    logits has `n_audio` columns, column 0 for CODE_END.
    """

    bos: int = 128000
    text_end: int = 128009
    code_start: int = 128257
    code_end: int = 128258
    human_start: int = 128259
    human_end: int = 128260
    ai_start: int = 128261
    pad: int = 128263
    first_code: int = 128266
    codebook_size: int = 4096
    vocab_size: int = 156960

    def __post_init__(self) -> None:
        controls = self.controls
        apart = len(set(controls)) == len(controls) and not any(token >= self.first_code for token in controls)
        if not apart or min(controls) < 0 or self.last_code >= self.vocab_size or self.codebook_size < 1:
            raise ModelError(
                f"Invalid token layout (control tokens {', '.join(map(str, controls))}, codes "
                f"{self.first_code} to {self.last_code}, {self.vocab_size} tokens); correct {LAYOUT_FILE}."
            )

    @property
    def controls(self) -> tuple[int, ...]:
        """Ids of a prompt's control tokens, and CODE_END."""
        opening = (self.bos, self.text_end, self.code_start, self.code_end)
        return (*opening, self.human_start, self.human_end, self.ai_start)

    @property
    def last_code(self) -> int:
        return self.first_code + CODES_PER_FRAME * self.codebook_size - 1

    @property
    def n_audio(self) -> int:
        return self.last_code - self.code_end + 1

    @property
    def first_column(self) -> int:
        """Column of code 0 at position 0 in an array of logits."""
        return self.first_code - self.code_end

    def token(self, position: int, code: int) -> int:
        """Id of a code at a position within the frame."""
        return self.first_code + self.codebook_size * position + code

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str, origin: str) -> "Layout":
        """origin: where the text stands, for the error."""
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ModelError(f"The token layout in {origin} is not JSON ({error}); get the model again.") from error
        names = {field.name for field in fields(cls)}
        if not isinstance(values, Mapping) or set(values) != names or not all(type(v) is int for v in values.values()):
            raise ModelError(
                f"The token layout in {origin} must give a number for each of: {', '.join(sorted(names))}."
            )
        return cls(**values)

    @classmethod
    def read(cls, checkpoint: Path) -> "Layout":
        """The layout of a checkpoint folder: its `layout.json`, or Maya1's own where there is none."""
        file = checkpoint / LAYOUT_FILE
        return cls.from_json(file.read_text(encoding="utf-8", errors="replace"), str(file)) if file.is_file() else cls()

    def check(self, vocabulary: Vocabulary, origin: str) -> None:
        """Raises ModelError unless the vocabulary has the control tokens and codes where this layout says.

        Ids are told by the tokens' names: the codes' end in consecutive numbers (`<custom_token_10>`, ...), and each
        name is a token that text cannot produce by accident.
        """
        if vocabulary.vocab_size <= self.last_code:
            raise ModelError(
                f"{origin} has {vocabulary.vocab_size:,} tokens and no speech codes up to {self.last_code:,}: "
                "this is not a Maya1 model; choose another with --model."
            )
        edges = [
            self.token(position, code) for position in range(CODES_PER_FRAME) for code in (0, self.codebook_size - 1)
        ]
        for token in (*self.controls, *edges):
            if vocabulary.special(vocabulary.name(token)) != token:
                raise ModelError(
                    f"Token {token} of {origin} is {vocabulary.name(token)!r}, not a control token or speech code: "
                    "the tokenizer does not belong to this model; take both from the same place."
                )
        end = vocabulary.name(self.code_end)
        first = _number(vocabulary.name(self.first_code))
        codes = range(self.first_code, self.last_code + 1)
        if first is None or any(_number(vocabulary.name(token)) != first + at for at, token in enumerate(codes)):
            raise ModelError(
                f"The speech codes of {origin} are not numbered in order from token {self.first_code}: "
                "the tokenizer does not belong to this model; take both from the same place."
            )

        if _number(end) != first - self.first_code + self.code_end:
            raise ModelError(
                f"{origin} has no CODE_END: token {self.code_end} is {end!r}, which does not belong to the speech "
                "codes; take model and tokenizer from the same place."
            )


def _number(name: str) -> int | None:
    digits = re.search(r"(\d+)\D*$", name)
    return int(digits.group(1)) if digits else None
