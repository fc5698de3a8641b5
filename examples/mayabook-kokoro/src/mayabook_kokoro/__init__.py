"""Kokoro-82M as an engine of MayaBook: 28 English voices on ONNX Runtime."""
