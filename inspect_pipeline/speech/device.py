"""What recognition can run on, and how much of it fits."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

LARGEST_BATCH = 64  # more fill no GPU better
_BATCH = 16  # of a GPU whose memory is not known
_KEPT_MB = 1024  # for the driver, and what does not grow with the batch
# A window's keys and values in the decoder, its beams and the encoder's working memory, measured in model files: the
# keys and values of 30 s alone take an eighth of Whisper base's file in 16 bits, and a twelfth of large's.
_WINDOW_SHARE = 0.35


def cores_here() -> int:
    """Return how many CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpus_here() -> int:
    """Return how many NVIDIA GPUs this machine shows, whichever of them this process may use."""
    known = len([*Path("/proc/driver/nvidia/gpus").glob("*")])
    if known or shutil.which("nvidia-smi") is None:
        return known
    try:  # within WSL there is no such table
        listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


def listeners_of_a_gpu() -> int:
    """Return how many threads listen ahead for one GPU: its share of the cores, one at least."""
    return max(1, cores_here() // max(1, gpus_here()))


def cuda_devices() -> int:
    """Return how many CUDA GPUs the recogniser can use; 0 without a GPU or its driver."""
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count())


def gpu_batch_size(model: Path) -> int:
    """Return how many windows of 30 s the first visible GPU has memory for beside `model` (a folder), 1 to 64.

    16 where the memory cannot be asked for (a container without nvidia-smi, a part of a GPU): the engine halves what
    does not fit.
    """
    free_mb = _free_mb()
    return _BATCH if free_mb is None else batch_that_fits(free_mb, (model / "model.bin").stat().st_size / 2**20)


def batch_that_fits(free_mb: float, model_mb: float) -> int:
    """Return how many windows fit in the memory that is free once a model of `model_mb` is loaded, 1 to 64."""
    return max(1, min(LARGEST_BATCH, int((free_mb - _KEPT_MB) / (_WINDOW_SHARE * model_mb))))


def is_out_of_memory(error: RuntimeError) -> bool:
    """Return whether an error of CTranslate2 says that the GPU's memory is full."""
    return any(sign in str(error) for sign in ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED"))


def _free_mb() -> float | None:
    device = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
    command = ["nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits", f"--id={device}"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30, encoding="utf-8")
        return float(answer.stdout.splitlines()[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
