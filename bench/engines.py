"""Speed of the Maya1 engines against their peers, on a random model of about 250M parameters in Maya1's layout.

    python bench/engines.py               llama.cpp and transformers, about a quarter of an hour on two cores
    python bench/engines.py --only gguf   one of them; `anchor` is the cost of an anchor on llama.cpp, `vllm` compares
                                          vLLM with transformers if its environment is installed

The model is built once, in build/bench. All figures come from this run on this machine; run it on an idle machine. The
peers are llama-cpp-python's `Llama()`, called once per chunk with the settings of November 2025; llama.cpp's server
with as many parallel slots (xllamacpp, if it is installed); and transformers' `generate()`.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from mayabook.core.settings import Settings
from mayabook.core.take import TakeRequest
from mayabook.engines.sampler import Sampler
from mayabook.engines.sampler_settings import preset
from mayabook.engines.scheduler import DecodingRequest, SlotScheduler
from mayabook.engines.slot_decoder import IDLE, SlotDecoder
from mayabook.maya.anchor import Anchor
from mayabook.maya.prompt import PromptBuilder, Tokenizer
from mayabook.maya.token_layout import TOKENS_PER_SECOND, Layout
from mayabook.maya.voices import describe
from mayabook.models.gguf_conversion import convert
from mayabook.models.gguf_quantisation import quantize
from mayabook.models.llama_api import our_defaults
from mayabook.render.anchor_choice import ANCHOR_TEXT
from mayabook.script import script_book

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.tiny_models import Shape, write_checkpoint  # noqa: E402

SAMPLE = next((ROOT / "examples").glob("*.epub"))
SHAPE = Shape(hidden=768, n_layers=20, n_heads=12, n_kv_heads=4, head_dim=64, ffn=2048)
WIDTHS = (1, 8, 16, 32)
"""Numbers of batch rows to try."""
CONTEXT = 1024
RAW_TOKENS = 210
"""Tokens of each take when raw decoding speed is measured."""
CHARS_PER_SECOND = 14.0
"""Pace of narration, from which the length of a chunk's speech in tokens is estimated."""
ORIGINAL_CAP = 2500
"""Cap of the settings of 2025 in tokens."""
ORIGINAL_CHUNKS = 1
"""Chunks synthesised with the settings of 2025; each runs to its cap."""
ANCHOR_SLOTS, ANCHOR_FRAMES, ANCHORED_TOKENS = 16, 42, 1148
"""Slots, frames of the anchor (3.6 s) and tokens of a take (14 s) with which the cost of an anchor is measured."""
ANCHOR_ROUNDS, ANCHOR_STEPS = 5, 4
GENERATE_TOKENS = 56
"""Tokens of each take of the transformers engine and its peer."""


def model_files() -> tuple[Path, dict[str, Path]]:
    """Checkpoint folder, and GGUF files by format."""
    folder = ROOT / "build" / "bench" / "m250"
    ggufs = {name: folder / f"m250-{name}.gguf" for name in ("F16", "Q4_K_M")}
    if not (folder / "checkpoint" / "model.safetensors").exists():
        write_checkpoint(folder / "checkpoint", Layout(), SHAPE)
    if not ggufs["F16"].exists():
        convert(folder / "checkpoint", ggufs["F16"])
    if not ggufs["Q4_K_M"].exists():
        quantize(ggufs["F16"], ggufs["Q4_K_M"], "Q4_K_M")
    return folder / "checkpoint", ggufs


def sample_texts() -> list[str]:
    _, script = script_book(SAMPLE, None, Settings())
    return [chunk.spoken for chunk in script.chunks]


def needed_tokens(text: str) -> int:
    """Estimated tokens of a text's speech, rounded up to whole frames."""
    return int(len(text) / CHARS_PER_SECOND * TOKENS_PER_SECOND / 7 + 1) * 7


def decoding_requests(
    tokenizer: Tokenizer, texts: Sequence[str], n_tokens: Callable[[str], int]
) -> Iterator[DecodingRequest]:
    """Requests for exactly n_tokens(text) tokens each, because random weights do not know where speech ends."""
    builder = PromptBuilder(tokenizer, Layout())
    settings = preset("mayabook")
    for number, text in enumerate(texts):
        cap = n_tokens(text)
        request = TakeRequest(str(number), text, "", number)
        prompt = builder.build(describe("storyteller"), text)
        yield DecodingRequest(request, prompt, replace(settings, min_tokens=cap, max_tokens=cap), cap)


class Clock:
    """Measures the seconds spent in a method of an object, which it wraps."""

    def __init__(self, owner: Any, name: str) -> None:
        self.seconds, self.calls = 0.0, 0
        inner = getattr(owner, name)

        def timed(*arguments: Any) -> Any:
            started = time.perf_counter()
            try:
                return inner(*arguments)
            finally:
                self.seconds += time.perf_counter() - started
                self.calls += 1

        setattr(owner, name, timed)


def run_slots(decoder: SlotDecoder, requests: Iterator[DecodingRequest]) -> tuple[int, float, Clock, Clock]:
    """Decodes the requests. Returns tokens, seconds, and the clocks of the sampler and of the decoder's steps."""
    sampler = Sampler(decoder.layout, decoder.n_slots)
    sampling, decoding_steps = Clock(sampler, "draw"), Clock(decoder, "step")
    started = time.perf_counter()
    tokens = sum(
        taken.codes.frames.size for taken in SlotScheduler(decoder, sampler).run(requests) if taken is not None
    )
    return tokens, time.perf_counter() - started, sampling, decoding_steps


def row(name: str, value: float, unit: str, more: str = "") -> None:
    print(f"{name:58s} {value:9.1f} {unit:10s} {more}", flush=True)


def llama_as_in_2025(file: Path, prompts: Sequence[list[int]]) -> tuple[float, float]:
    """Tokens per second of short calls of `Llama()`, and seconds of a chunk that runs to its cap."""
    import llama_cpp

    cores = os.cpu_count() or 1  # the library's default is half of them
    with our_defaults():
        llama = llama_cpp.Llama(str(file), n_ctx=4096, n_gpu_layers=-1, n_threads=cores, seed=0, verbose=False)

    def call(prompt: list[int], max_tokens: int) -> int:
        llama.reset()  # type: ignore[no-untyped-call]
        answer: Any = llama(
            prompt,  # type: ignore[arg-type]
            max_tokens=max_tokens,
            temperature=0.45,
            top_p=0.92,
            repeat_penalty=1.1,
            echo=False,
            seed=1,
        )
        return int(answer["usage"]["completion_tokens"])

    call(prompts[0], 8)
    started = time.perf_counter()
    tokens = sum(call(prompt, RAW_TOKENS) for prompt in prompts[:4])
    rate = tokens / (time.perf_counter() - started)
    started = time.perf_counter()
    for prompt in prompts[:ORIGINAL_CHUNKS]:
        call(prompt, ORIGINAL_CAP)
    seconds = (time.perf_counter() - started) / ORIGINAL_CHUNKS
    llama.close()
    return rate, seconds


def llama_server(file: Path, prompts: Sequence[list[int]], width: int) -> float | None:
    """Tokens per second of llama.cpp's server with `width` parallel slots; None if xllamacpp is not installed."""
    try:
        import xllamacpp
    except ImportError:
        return None
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(file)
    parameters.n_parallel = width
    parameters.n_ctx = CONTEXT * width
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = os.cpu_count() or 1
    parameters.verbosity = -1
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    counts: list[int] = []

    def ask(prompt: list[int]) -> None:
        body = {
            "prompt": prompt,
            "max_tokens": RAW_TOKENS,
            "temperature": 0.4,
            "top_p": 0.9,
            "top_k": 0,
            "min_p": 0.0,
            "repeat_penalty": 1.1,
            "ignore_eos": True,
            "cache_prompt": False,
            "seed": 1,
        }
        answer = server.handle_completions(body)
        counts.append(int(answer["usage"]["completion_tokens"]))

    threads = [Thread(target=ask, args=(prompt,)) for prompt in prompts[:width]]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def bench_gguf(ggufs: dict[str, Path], texts: Sequence[str]) -> None:
    from mayabook.engines.gguf_decoder import GgufDecoder

    file = ggufs["Q4_K_M"]
    opened = GgufDecoder(file, 1, CONTEXT)
    builder = PromptBuilder(opened.tokenizer, Layout())
    prompts = [builder.build(describe("storyteller"), text) for text in texts]
    opened.close()
    original, original_seconds = llama_as_in_2025(file, prompts)
    row("Q4_K_M, Llama() a chunk at a time, as the original", original, "tokens/s")
    best, best_width = 0.0, 1
    for width in WIDTHS:
        decoder = GgufDecoder(file, width, CONTEXT)
        decoding = Clock(decoder, "_decode")
        requests = decoding_requests(decoder.tokenizer, texts[: max(2, width)], lambda _: RAW_TOKENS)
        tokens, seconds, sampling, decoding_steps = run_slots(decoder, requests)
        decoder.close()
        rate = tokens / seconds
        shares = f"sampler {sampling.seconds / (sampling.seconds + decoding_steps.seconds):.1%} of a step, "
        shares += f"all Python {1 - decoding.seconds / seconds:.1%}"
        row(f"Q4_K_M, {width} slots", rate, "tokens/s", f"{rate / original:.2f} times the original; {shares}")
        if rate > best:
            best, best_width = rate, width
    server = llama_server(file, prompts, best_width)
    if server is None:
        print("llama.cpp's own server: xllamacpp is not installed")
    else:
        row(
            f"llama.cpp's own server, {best_width} slots", server, "tokens/s", f"ours is {best / server:.2f} times that"
        )
    decoder = GgufDecoder(file, best_width, 2560)
    tokens, seconds, *_ = run_slots(decoder, decoding_requests(decoder.tokenizer, texts[:best_width], needed_tokens))
    decoder.close()
    audio = sum(needed_tokens(text) for text in texts[:ORIGINAL_CHUNKS]) / TOKENS_PER_SECOND / ORIGINAL_CHUNKS
    theirs, ours = audio / original_seconds, tokens / TOKENS_PER_SECOND / seconds
    row("audio an hour, the original (every chunk to its cap)", theirs * 60, "minutes")
    row(
        f"audio an hour, {best_width} slots, whole chunks",
        ours * 60,
        "minutes",
        f"{ours / theirs:.2f} times the original",
    )
    decoder = GgufDecoder(ggufs["F16"], 16, CONTEXT)
    tokens, seconds, *_ = run_slots(decoder, decoding_requests(decoder.tokenizer, texts[:16], lambda _: RAW_TOKENS))
    decoder.close()
    row("F16, 16 slots", tokens / seconds, "tokens/s")


def bench_anchor(file: Path, texts: Sequence[str]) -> None:
    """Tokens per second with and without an anchor, from the seconds of a prefill and of a step in mid-take, the
    shortest of several each.

    All slots wait while one is prefilled. In a step, attention covers as much of every slot as the longest one needs,
    so one slot that is filled stands for all.
    """
    from mayabook.engines.gguf_decoder import GgufDecoder

    draw = np.random.default_rng(1)
    anchor = Anchor(ANCHOR_TEXT, draw.integers(0, 4096, (ANCHOR_FRAMES, 7)).astype(np.int32))
    decoder = GgufDecoder(file, ANCHOR_SLOTS, 2 * CONTEXT)
    builder, voice = PromptBuilder(decoder.tokenizer, Layout()), describe("storyteller")
    text = max((text for text in texts if needed_tokens(text) <= ANCHORED_TOKENS), key=len)
    anchored = builder.build_anchored(voice, text, anchor)
    ways = {
        "no anchor": (builder.build(voice, text), 0),
        "an anchor that is prefilled whole": (anchored.ids, 0),
        "an anchor": (anchored.ids, anchored.n_shared),
    }
    half = [Layout().token(at % 7, int(code)) for at, code in enumerate(draw.integers(0, 4096, ANCHORED_TOKENS // 2))]
    tokens = np.full(ANCHOR_SLOTS, IDLE, np.int32)
    tokens[0] = half[0]
    prefills, steps = dict.fromkeys(ways, np.inf), dict.fromkeys(ways, np.inf)
    for _ in range(ANCHOR_ROUNDS):  # in turn, so that what else the machine does strikes all
        for name, (prompt, n_shared) in ways.items():
            decoder.prefill(0, prompt, n_shared)
            prefills[name] = min(prefills[name], _seconds(partial(decoder.prefill, 0, prompt, n_shared)))
            decoder.prefill(0, [*prompt, *half])
            steps[name] = min(steps[name], *(_seconds(partial(decoder.step, tokens)) for _ in range(ANCHOR_STEPS)))
    decoder.close()
    rates = {name: ANCHORED_TOKENS / (prefills[name] + ANCHORED_TOKENS * steps[name] / ANCHOR_SLOTS) for name in ways}
    for name, rate in rates.items():
        cost = 1 - rate / rates["no anchor"]
        figures = f"prefill {prefills[name]:.2f} s a take, step {steps[name] * 1000:.0f} ms; costs {cost:.1%}"
        row(f"Q4_K_M, {ANCHOR_SLOTS} slots, takes of 14 s, {name}", rate, "tokens/s", figures)


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def bench_transformers(checkpoint: Path, texts: Sequence[str]) -> None:
    from mayabook.engines.reference_generate import reference_generate
    from mayabook.engines.transformers_decoder import TransformersDecoder

    decoder = TransformersDecoder(checkpoint, 8, CONTEXT)
    builder = PromptBuilder(decoder.tokenizer, Layout())
    settings = replace(preset("original-transformers"), min_tokens=GENERATE_TOKENS, max_tokens=GENERATE_TOKENS)
    prompts = [builder.build(describe("storyteller"), text) for text in texts[:8]]
    reference_generate(decoder, prompts[0], replace(settings, min_tokens=2, max_tokens=2))
    started = time.perf_counter()
    made = sum(len(reference_generate(decoder, prompt, settings)) for prompt in prompts[:3])
    alone = made / (time.perf_counter() - started)
    row(f"transformers {decoder.device}, generate() in turn", alone, "tokens/s")
    requests = decoding_requests(decoder.tokenizer, texts[:8], lambda _: GENERATE_TOKENS)
    tokens, seconds, sampling, decoding_steps = run_slots(decoder, requests)
    share = sampling.seconds / (sampling.seconds + decoding_steps.seconds)
    row(
        f"transformers {decoder.device}, 8 slots",
        tokens / seconds,
        "tokens/s",
        f"{tokens / seconds / alone:.2f} times generate(); sampler {share:.1%} of a step",
    )


def bench_vllm(checkpoint: Path, texts: Sequence[str]) -> None:
    """vLLM beside the transformers engine, both in float32 with the same requests."""
    from mayabook.core.settings import MayaSettings
    from mayabook.engines.transformers_decoder import TransformersDecoder
    from mayabook.engines.vllm.plugin import VllmPlugin
    from mayabook.models.store import find

    settings = MayaSettings(model=str(checkpoint), slots=8, context=CONTEXT, device="cpu", dtype="float32")
    missing = VllmPlugin().unavailable_reason(settings)
    if missing:
        print(missing)
        return
    decoder = TransformersDecoder(checkpoint, 8, CONTEXT, dtype="float32", device="cpu")
    requests = list(decoding_requests(decoder.tokenizer, texts[:8], lambda _: GENERATE_TOKENS))
    tokens, seconds, *_ = run_slots(decoder, iter(requests))
    decoder.close()
    peer = tokens / seconds
    row("transformers float32, 8 slots", peer, "tokens/s")
    generator, _ = VllmPlugin().open_generator(find(str(checkpoint)), settings)
    try:
        list(generator.run(requests))  # the first steps allocate
        started = time.perf_counter()
        tokens = sum(taken.codes.frames.size for taken in generator.run(requests) if taken is not None)
        rate = tokens / (time.perf_counter() - started)
    finally:
        generator.close()
    row("vLLM float32, 8 slots", rate, "tokens/s", f"{rate / peer:.2f} times transformers")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("gguf", "transformers", "anchor", "vllm"), help="one part instead of all")
    arguments = parser.parse_args()
    checkpoint, ggufs = model_files()
    texts = sample_texts()
    parameters = sum(int(np.prod(shape)) for shape in _shapes(checkpoint))
    print(f"{os.cpu_count()} cores; random Llama of {parameters / 1e6:.0f}M parameters, prompts of the sample book")
    if arguments.only in (None, "gguf"):
        bench_gguf(ggufs, texts)
    if arguments.only in (None, "anchor"):
        bench_anchor(ggufs["Q4_K_M"], texts)
    if arguments.only in (None, "transformers"):
        bench_transformers(checkpoint, texts)
    if arguments.only in (None, "vllm"):
        bench_vllm(checkpoint, texts)


def _shapes(checkpoint: Path) -> list[tuple[int, ...]]:
    from safetensors import safe_open

    with safe_open(checkpoint / "model.safetensors", framework="np") as file:
        return [tuple(file.get_slice(name).get_shape()) for name in file.keys()]  # noqa: SIM118 (not a mapping)


if __name__ == "__main__":
    main()
