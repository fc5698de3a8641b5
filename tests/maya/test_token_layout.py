import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from mayabook.core.errors import ModelError
from mayabook.maya.token_layout import CODES_PER_FRAME, LAYOUT_FILE, SAMPLES_PER_FRAME, TOKENS_PER_SECOND, Layout
from mayabook.maya.tokenizer import CheckpointTokenizer
from tests import tiny_models


def test_the_defaults_are_maya1s() -> None:
    assert asdict(Layout()) == {
        "bos": 128000,
        "text_end": 128009,
        "code_start": 128257,
        "code_end": 128258,
        "human_start": 128259,
        "human_end": 128260,
        "ai_start": 128261,
        "pad": 128263,
        "first_code": 128266,
        "codebook_size": 4096,
        "vocab_size": 156960,
    }
    assert Layout().last_code == 156937
    assert (SAMPLES_PER_FRAME, CODES_PER_FRAME) == (2048, 7)
    assert pytest.approx(82.03, abs=0.005) == TOKENS_PER_SECOND


def test_codes_and_columns_of_logits() -> None:
    layout = Layout()
    assert layout.token(0, 0) == 128266
    assert layout.token(3, 17) == 128266 + 3 * 4096 + 17
    assert layout.token(6, 4095) == layout.last_code
    assert layout.n_audio == 156937 - 128258 + 1
    assert layout.code_end + layout.first_column == layout.first_code


def test_json_gives_the_same_layout_back(tmp_path: Path) -> None:
    for layout in (Layout(), tiny_models.SMALL):
        assert Layout.from_json(layout.to_json(), "here") == layout
    assert Layout.read(tmp_path) == Layout()
    (tmp_path / LAYOUT_FILE).write_text(tiny_models.SMALL.to_json())
    assert Layout.read(tmp_path) == tiny_models.SMALL


@pytest.mark.parametrize(
    "changes",
    [
        {"code_end": 128266},
        {"code_end": -1},
        {"bos": -1},
        {"human_start": 128300},
        {"text_end": 128000},
        {"codebook_size": 0},
        {"codebook_size": 4100},
        {"vocab_size": 156937},
    ],
)
def test_an_impossible_layout(changes: dict[str, int]) -> None:
    with pytest.raises(ModelError, match=r"^Invalid token layout .*; correct layout\.json\.$"):
        replace(Layout(), **changes)


def spoilt(**changes: object) -> str:
    values = {**json.loads(Layout().to_json()), **changes}
    return json.dumps({name: value for name, value in values.items() if value is not None})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{", r"^The token layout in /m/layout\.json is not JSON \(.*\); get the model again\.$"),
        ("", r"is not JSON"),
        (
            "[1, 2]",
            r"^The token layout in /m/layout\.json must give a number for each of: ai_start, bos, .*vocab_size\.$",
        ),
        (spoilt(bos=None), "must give a number for each of"),
        (spoilt(eos=1), "must give a number for each of"),
        (spoilt(bos="128000"), "must give a number for each of"),
        (spoilt(bos=128000.0), "must give a number for each of"),
        (spoilt(bos=True), "must give a number for each of"),
        (spoilt(vocab_size=1), "Invalid token layout"),
    ],
)
def test_a_layout_file_that_cannot_be_used(text: str, line: str) -> None:
    with pytest.raises(ModelError, match=line) as caught:
        Layout.from_json(text, "/m/layout.json")
    assert "\n" not in str(caught.value)


def test_a_layout_file_of_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / LAYOUT_FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"layout\.json is not JSON"):
        Layout.read(tmp_path)


def test_both_tokenizers_fit_their_layout(
    small_tokenizer: CheckpointTokenizer, true_tokenizer: CheckpointTokenizer
) -> None:
    tiny_models.SMALL.check(small_tokenizer, "small")
    Layout().check(true_tokenizer, "true")
    assert true_tokenizer.vocab_size == 156960
    assert true_tokenizer.name(128266) == "<custom_token_10>"
    assert true_tokenizer.special("<custom_token_10>") == 128266


def test_a_vocabulary_that_ends_before_the_codes(small_tokenizer: CheckpointTokenizer) -> None:
    with pytest.raises(ModelError, match=r"^Llama has 3,072 tokens and no speech codes up to 156,937: this is not a"):
        Layout().check(small_tokenizer, "Llama")


class Renamed:
    """A vocabulary in which some tokens have other names, or are no added tokens."""

    def __init__(self, true: CheckpointTokenizer, names: dict[int, str], plain: frozenset[int] = frozenset()) -> None:
        self.vocab_size = true.vocab_size
        self._names = {number: names.get(number, true.name(number)) for number in range(true.vocab_size)}
        first = tiny_models.SMALL.bos
        self._added = {text: n for n, text in self._names.items() if n >= first and n not in plain}

    def name(self, token: int) -> str:
        return self._names[token]

    def special(self, text: str) -> int | None:
        return self._added.get(text)


def test_codes_in_another_order(small_tokenizer: CheckpointTokenizer) -> None:
    layout = tiny_models.SMALL
    swaps = [
        (layout.token(0, 0), layout.token(6, 255)),
        (layout.token(2, 100), layout.token(2, 101)),
        (layout.token(1, 255), layout.token(2, 0)),
    ]
    for one, other in swaps:
        names = {one: small_tokenizer.name(other), other: small_tokenizer.name(one)}
        with pytest.raises(ModelError, match=r"^The speech codes of this are not numbered in order from token 1212: "):
            layout.check(Renamed(small_tokenizer, names), "this")


def test_codes_without_numbers(small_tokenizer: CheckpointTokenizer) -> None:
    layout = tiny_models.SMALL
    codes = range(layout.first_code, layout.last_code + 1)
    letters = str.maketrans("0123456789", "abcdefghij")
    names = {token: f"<code_{str(token).translate(letters)}>" for token in codes}
    with pytest.raises(ModelError, match="not numbered in order"):
        layout.check(Renamed(small_tokenizer, names), "this")


@pytest.mark.parametrize("role", ["bos", "text_end", "code_start", "code_end", "human_start", "human_end", "ai_start"])
def test_plain_text_where_a_control_token_should_be(small_tokenizer: CheckpointTokenizer, role: str) -> None:
    token = getattr(tiny_models.SMALL, role)
    spoilt = Renamed(small_tokenizer, {token: "the"}, frozenset({token}))
    with pytest.raises(ModelError, match=f"^Token {token} of this is 'the', not a control token or speech code: "):
        tiny_models.SMALL.check(spoilt, "this")


def test_a_layout_shifted_by_one_does_not_fit(small_tokenizer: CheckpointTokenizer) -> None:
    """Every token is still an added one, the last code is an emotion tag."""
    with pytest.raises(ModelError, match="not numbered in order"):
        replace(tiny_models.SMALL, first_code=tiny_models.SMALL.first_code + 1).check(small_tokenizer, "this")


def test_a_missing_or_damaged_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no tokenizer\.json; copy the whole model folder\.$"):
        CheckpointTokenizer(tmp_path)
    tiny_models.write_tokenizer(tmp_path, tiny_models.SMALL)
    file = tmp_path / "tokenizer.json"
    whole = file.read_text()
    for text in (whole[: len(whole) // 2], "", "[]", '{"model": {}}', "{}"):
        file.write_text(text)
        with pytest.raises(ModelError, match=r"tokenizer\.json is damaged \(.*\); get the file again\.$"):
            CheckpointTokenizer(tmp_path)


def test_a_tokenizer_in_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "tokenizer").mkdir()
    tiny_models.write_tokenizer(tmp_path / "tokenizer", tiny_models.SMALL)
    tiny_models.SMALL.check(CheckpointTokenizer(tmp_path), "this")
