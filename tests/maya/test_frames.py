import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from snac import SNAC

from mayabook.core.errors import FrameError
from mayabook.maya.frames import Frames, from_levels, levels, pack, unpack
from mayabook.maya.token_layout import Layout
from tests import tiny_models

LAYOUTS = st.sampled_from([Layout(), tiny_models.SMALL])


@st.composite
def framed(draw: st.DrawFn) -> tuple[Layout, Frames]:
    layout = draw(LAYOUTS)
    shape = (draw(st.integers(0, 20)), 7)
    codes = st.integers(0, layout.codebook_size - 1)
    return layout, draw(arrays.arrays(np.int32, shape, elements=codes))


@given(framed())
def test_packing_and_its_inverse(case: tuple[Layout, Frames]) -> None:
    layout, frames = case
    tokens = pack(frames, layout)
    assert len(tokens) == frames.size
    assert all(tokens[at] == layout.token(at % 7, code) for at, code in enumerate(frames.reshape(-1).tolist()))
    again = unpack(tokens, layout)
    assert again.dtype == np.int32
    assert again.shape == frames.shape
    np.testing.assert_array_equal(again, frames)


@given(framed())
def test_levels_and_their_inverse(case: tuple[Layout, Frames]) -> None:
    _, frames = case
    coarse, middle, fine = levels(frames)
    assert (len(coarse), len(middle), len(fine)) == (len(frames), 2 * len(frames), 4 * len(frames))
    np.testing.assert_array_equal(from_levels([coarse, middle, fine]), frames)


def test_the_order_of_levels_in_a_frame() -> None:
    """L1, L2a, L3a, L3b, L2b, L3c, L3d."""
    frames = np.array([[1, 20, 300, 301, 21, 302, 303], [2, 22, 304, 305, 23, 306, 307]], np.int32)
    coarse, middle, fine = levels(frames)
    assert coarse.tolist() == [1, 2]
    assert middle.tolist() == [20, 21, 22, 23]
    assert fine.tolist() == [300, 301, 302, 303, 304, 305, 306, 307]


def test_the_codec_itself_takes_and_gives_levels_of_these_lengths() -> None:
    """Codes that the real class encodes become frames and come back, and each position's code sounds where it should."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        snac = SNAC(**{**tiny_models.CODEC, "noise": False}).eval()
        audio = torch.randn(1, 1, 5 * 2048)
    with torch.inference_mode():
        codes = [level[0].numpy() for level in snac.encode(audio)]
        frames = from_levels(codes)
        assert frames.shape == (5, 7)
        for ours, theirs in zip(levels(frames), codes, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        latents = _latents(snac, frames)
        expected = {0: [0, 1, 2, 3], 1: [0, 1], 2: [0], 3: [1], 4: [2, 3], 5: [2], 6: [3]}
        for position, quarters in expected.items():
            other = frames.copy()
            other[2, position] = (other[2, position] + 1) % 256
            changed = np.flatnonzero(np.abs(_latents(snac, other) - latents).max(0) > 0)
            assert changed.tolist() == [2 * 4 + quarter for quarter in quarters]


def _latents(snac: SNAC, frames: Frames) -> np.ndarray:
    """Shape (channels, 4 n_frames)."""
    return snac.quantizer.from_codes([torch.from_numpy(level)[None] for level in levels(frames)])[0].numpy()


@settings(max_examples=50)
@given(framed(), st.data())
def test_a_token_in_the_wrong_place_is_an_error(case: tuple[Layout, Frames], data: st.DataObject) -> None:
    layout, frames = case
    tokens = pack(frames, layout)
    if not tokens:
        return
    at = data.draw(st.integers(0, len(tokens) - 1))
    position = at % 7
    low, high = layout.token(position, 0), layout.token(position, layout.codebook_size - 1)
    wrong = data.draw(st.integers(0, layout.vocab_size - 1).filter(lambda token: not low <= token <= high))
    tokens[at] = wrong
    with pytest.raises(
        FrameError, match=f"^Token {wrong} at position {position} of frame {at // 7} is not a code of that position"
    ):
        unpack(tokens, layout)


@pytest.mark.parametrize("wrong", [-1, Layout().code_end, Layout().token(1, 0), Layout().last_code + 1, 1 << 40])
def test_some_wrong_tokens(wrong: int) -> None:
    with pytest.raises(FrameError, match=f"Token {wrong} at position 0 of frame 0"):
        unpack([wrong, *pack(np.zeros((1, 7), np.int32), Layout())[1:]], Layout())


@pytest.mark.parametrize("n", [1, 6, 8, 13])
def test_an_incomplete_frame_is_an_error(n: int) -> None:
    tokens = pack(np.zeros((2, 7), np.int32), Layout())[:n]
    with pytest.raises(FrameError, match=f"^{n} tokens are not whole frames of 7"):
        unpack(tokens, Layout())


@pytest.mark.parametrize("code", [-1, 4096])
def test_a_code_out_of_range_is_an_error(code: int) -> None:
    frames = np.zeros((2, 7), np.int32)
    frames[1, 3] = code
    with pytest.raises(FrameError, match=r"^Codes go from 0 to 4095, not "):
        pack(frames, Layout())


@pytest.mark.parametrize("shape", [(7,), (2, 6), (1, 2, 7)])
def test_frames_of_another_shape_are_an_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(FrameError, match=r"^Frames have the shape \(n_frames, 7\)"):
        pack(np.zeros(shape, np.int32), Layout())
