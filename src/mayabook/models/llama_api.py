"""The parts of llama.cpp's C API that MayaBook needs; its log is captured, and its failures become errors."""

import ctypes
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import regex

from mayabook.core.errors import EngineError, ModelError
from mayabook.maya.tag_tokens import TAGS, TAGS_KEY, TagEntry, from_json
from mayabook.maya.token_layout import LAYOUT_KEY, Layout
from mayabook.models.gguf_vocabulary import LLAMA3_SPLIT

try:
    import llama_cpp
except ImportError as error:
    raise EngineError("llama.cpp is not installed; run: pip install 'mayabook[gguf]'") from error

_WORD = regex.compile(LLAMA3_SPLIT)
_INFO, _WARNING, _ERROR = 2, 3, 4
"""ggml's log levels."""
_messages: deque[str] = deque(maxlen=200)
_model_defaults = llama_cpp.llama_model_default_params


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator,unused-ignore]
def _keep_message(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    if level in (_INFO, _WARNING, _ERROR):
        _messages.append(text.decode("utf-8", "replace").strip())


@contextmanager
def messages() -> Iterator[Callable[[], str]]:
    """Captures llama.cpp's log inside the block; yields a function that returns what was logged so far."""
    llama_cpp.llama_log_set(_keep_message, ctypes.c_void_p(0))
    _messages.clear()
    yield lambda: "\n".join(_messages)


def build() -> tuple[str, bool]:
    """Version of llama.cpp's Python binding, and whether this build can offload layers to a GPU."""
    return f"llama-cpp-python {llama_cpp.__version__}", bool(llama_cpp.llama_supports_gpu_offload())


def reason(said: str) -> str:
    """The line of llama.cpp's log that explains a failure best."""
    lines = [line for line in said.splitlines() if "error" in line.lower() or "failed" in line.lower()]
    return lines[0].split(":", 1)[-1].strip() if lines else "llama.cpp gave no reason"


def model_parameters() -> Any:
    """llama.cpp's default model parameters, without the extra buffer types that bring AMX: quantised weights crash
    there (ggml-org/llama.cpp issue 20824; seen in version 0.3.36 of its Python binding)."""
    parameters = _model_defaults()
    if b"AMX_INT8 = 1" in llama_cpp.llama_print_system_info():
        parameters.use_extra_bufts = False
    return parameters


@contextmanager
def our_defaults() -> Iterator[None]:
    """Makes `llama_cpp.Llama`, which has no argument for it, use `model_parameters` inside the block."""
    llama_cpp.llama_cpp.llama_model_default_params = model_parameters
    try:
        yield
    finally:
        llama_cpp.llama_cpp.llama_model_default_params = _model_defaults


def load_model(file: Path, *, gpu_layers: int = -1, vocab_only: bool = False) -> tuple[Any, str]:
    """The model, to be freed with `llama_model_free`, and llama.cpp's log. gpu_layers: layers to offload, -1 for all.

    Raises ModelError where the file is missing, damaged or of another architecture.
    """
    if not file.is_file():
        raise ModelError(f"There is no model file {file}; see `mayabook models list`.")
    parameters = model_parameters()
    parameters.n_gpu_layers = gpu_layers
    parameters.vocab_only = vocab_only
    with messages() as said:
        model = llama_cpp.llama_model_load_from_file(str(file).encode(), parameters)
        text = said()
    if not model:
        raise ModelError(f"llama.cpp cannot load {file} ({reason(text)}); get the file again.")
    architecture = metadata(model, "general.architecture")
    if architecture != "llama":
        llama_cpp.llama_model_free(model)
        raise ModelError(f"{file} is a model of architecture {architecture!r}, not a Llama; choose another.")
    return model, text


def metadata(model: Any, key: str) -> str | None:
    """A metadata value of the file as text; None where the key is absent."""
    size = llama_cpp.llama_model_meta_val_str(model, key.encode(), None, 0)
    if size < 0:
        return None
    buffer = ctypes.create_string_buffer(size + 1)
    llama_cpp.llama_model_meta_val_str(model, key.encode(), buffer, size + 1)  # type: ignore[arg-type,unused-ignore]
    return buffer.value.decode("utf-8", "replace")


def layout_of(model: Any, file: Path) -> Layout:
    """The token layout that the file carries, or Maya1's own where it carries none."""
    text = metadata(model, LAYOUT_KEY)
    return Layout() if text is None else Layout.from_json(text, str(file))


class LlamaVocabulary:
    """The tokenizer inside a GGUF file: implements `mayabook.maya.prompt.Tokenizer`. Valid until its model is freed."""

    def __init__(self, model: Any, tags: Iterable[TagEntry] | None = None) -> None:
        """tags: emotion tags with the flags of tokenizer.json, None for those that the file carries: GGUF has no field
        for flags, so only files that were converted here have them."""
        self._vocab = llama_cpp.llama_model_get_vocab(model)
        if tags is None:
            tags = from_json(metadata(model, TAGS_KEY) or "[]")
        flagged = {entry["content"]: entry for entry in tags}
        known = [tag for tag in sorted(TAGS) if self.special(tag) is not None]
        self.tags: Sequence[TagEntry] = [flagged.get(tag, {"content": tag}) for tag in known]

    @property
    def vocab_size(self) -> int:
        return int(llama_cpp.llama_vocab_n_tokens(self._vocab))

    def name(self, token: int) -> str:
        if not 0 <= token < self.vocab_size:
            return ""
        return str(llama_cpp.llama_vocab_get_text(self._vocab, token).decode("utf-8", "replace"))

    def special(self, text: str) -> int | None:
        ids = self._tokenize(text, parse_special=True)
        return ids[0] if len(ids) == 1 and self._added(ids[0]) and self.name(ids[0]) == text else None

    def encode(self, text: str) -> list[int]:
        """llama.cpp finds added tokens that a file marks as user-defined in plain text, too; the name of one is longer
        than a word of the pre-tokenizer, so it is not found in the words one by one."""
        ids = self._tokenize(text, parse_special=False)
        if not any(map(self._added, ids)):
            return ids
        return [number for word in _WORD.findall(text) for number in self._tokenize(word, parse_special=False)]

    def _added(self, token: int) -> bool:
        attributes = llama_cpp.llama_vocab_get_attr(self._vocab, token)
        return bool(attributes & (llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED))

    def _tokenize(self, text: str, *, parse_special: bool) -> list[int]:
        data = text.encode()
        capacity = len(data) + 8
        tokens = (llama_cpp.llama_token * capacity)()
        count = llama_cpp.llama_tokenize(self._vocab, data, len(data), tokens, capacity, False, parse_special)
        return list(tokens[: max(0, count)])
