"""The tokenizer of a checkpoint: `tokenizer.json`, read by the tokenizers library."""

from pathlib import Path

import tokenizers

from mayabook.core.errors import ModelError

PLACES = ("tokenizer.json", "tokenizer/tokenizer.json")
"""Where a checkpoint folder may have it."""


class CheckpointTokenizer:
    """Fulfils `mayabook.maya.prompt.Tokenizer`."""

    def __init__(self, checkpoint: Path) -> None:
        """Raises ModelError where the file is missing or damaged."""
        file = next((checkpoint / place for place in PLACES if (checkpoint / place).is_file()), None)
        if file is None:
            raise ModelError(f"{checkpoint} has no tokenizer.json; bring the whole model folder.")
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(file))
        except Exception as error:
            raise ModelError(f"{file} is damaged ({error}); bring the file anew.") from error
        self.file = file
        self._tokenizer.encode_special_tokens = True
        self._added = {token.content: number for number, token in self._tokenizer.get_added_tokens_decoder().items()}

    @property
    def vocab_size(self) -> int:
        return self._tokenizer.get_vocab_size(with_added_tokens=True)

    def name(self, token: int) -> str:
        return self._tokenizer.id_to_token(token) or ""

    def special(self, text: str) -> int | None:
        return self._added.get(text)

    def encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)
