"""What recognition can run on."""

from __future__ import annotations


def cuda_devices() -> int:
    """Return how many CUDA GPUs the recogniser can use; 0 without a GPU or its driver."""
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count())
