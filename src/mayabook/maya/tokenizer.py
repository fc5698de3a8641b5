"""The tokenizer of a checkpoint: `tokenizer.json`, read by the tokenizers library."""

import json
from collections.abc import Sequence
from pathlib import Path

import tokenizers

from mayabook.core.errors import ModelError
from mayabook.maya.checkpoint_files import read_json
from mayabook.maya.tag_tokens import TagEntry, tag_entries

TOKENIZER_PATHS = ("tokenizer.json", "tokenizer/tokenizer.json")
"""Paths inside a checkpoint folder at which tokenizer.json is looked for."""


class CheckpointTokenizer:
    """Implements `mayabook.maya.prompt.Tokenizer`.

    The added tokens are taken out of the library's tokenizer, which would find those not marked as special in plain
    text.
    """

    def __init__(self, checkpoint: Path) -> None:
        """Raises ModelError where the file is missing or damaged."""
        self.file = file = _file(checkpoint)
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            self._added: dict[str, int] = {token["content"]: token["id"] for token in values["added_tokens"]}
            self.tags: Sequence[TagEntry] = tag_entries(values["added_tokens"])
            self._names: dict[int, str] = {number: text for text, number in values["model"]["vocab"].items()}
            self._tokenizer = tokenizers.Tokenizer.from_str(json.dumps({**values, "added_tokens": []}))
        except Exception as error:  # the library's own errors have no common base
            raise ModelError(f"{file} is damaged ({error}); get the file again.") from error
        self._names |= {number: text for text, number in self._added.items()}

    @property
    def vocab_size(self) -> int:
        return len(self._names)

    def name(self, token: int) -> str:
        return self._names.get(token, "")

    def special(self, text: str) -> int | None:
        return self._added.get(text)

    def encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


def read_tags(checkpoint: Path) -> list[TagEntry]:
    """The emotion tags of a checkpoint, with their flags. Raises ModelError where the file is missing or damaged."""
    file = _file(checkpoint)
    try:
        return tag_entries(read_json(file)["added_tokens"])
    except (KeyError, TypeError) as error:
        raise ModelError(f"{file} is damaged ({error!r}); get the file again.") from error


def _file(checkpoint: Path) -> Path:
    file = next((checkpoint / place for place in TOKENIZER_PATHS if (checkpoint / place).is_file()), None)
    if file is None:
        raise ModelError(f"{checkpoint} has no tokenizer.json; copy the whole model folder.")
    return file
