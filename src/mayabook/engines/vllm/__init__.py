"""The engine vllm: vLLM in a worker process, in a virtual environment of its own (`mayabook engines install vllm`).

`plugin.py` and `generator.py` run in MayaBook's process. `start.py`, `worker.py`, `vllm_backend.py` and
`batch_sampler.py` run in the worker, whose environment has vLLM and NumPy, but not MayaBook's packages. `messages.py`
defines the messages between the two.
"""
