"""What is known of the GPUs of a machine, by an `nvidia-smi` that says what the test wants."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from inspect_pipeline.speech import device
from inspect_pipeline.speech.device import batch_that_fits, gpu_batch_size, gpus_here, listeners_of_a_gpu

MB = 2**20


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that lists two GPUs; the first has 16,000 MB free, the second 3,000."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        '--list-gpus) echo "GPU 0: NVIDIA L4 (UUID: GPU-1a)"; echo "GPU 1: NVIDIA L4 (UUID: GPU-2b)";;\n'
        "*--id=0) echo 16000;;\n*--id=1) echo 3000;;\n*) echo 'No devices were found' ; exit 6;;\nesac\n",
        encoding="utf-8",
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program


def model_of(folder: Path, size_mb: int) -> Path:
    with (folder / "model.bin").open("wb") as file:
        file.truncate(size_mb * MB)
    return folder


def test_the_batch_is_what_the_gpus_memory_holds() -> None:
    """The memory of a window grows with the model; no more than 64 at once, and always one."""
    assert batch_that_fits(80_000, 150) == 64
    assert batch_that_fits(14_000, 3_000) == 12  # large-v3 in 16 bits on a card of 16 GB
    assert batch_that_fits(500, 3_000) == 1


def test_the_memory_is_that_of_the_gpu_that_the_process_may_use(
    smi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of(tmp_path, 1_500)
    sizes = []
    for chosen in ("0", "1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
        sizes.append(gpu_batch_size(model))
    assert sizes == [batch_that_fits(16_000, 1_500), batch_that_fits(3_000, 1_500)]
    assert sizes[0] > sizes[1]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-7a")
    assert gpu_batch_size(model) == 16
    smi.unlink()
    assert gpu_batch_size(model) == 16


def test_gpus_are_counted_where_the_kernel_has_no_table_of_them(smi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if Path("/proc/driver/nvidia/gpus").exists():
        pytest.skip("this machine has such a table")
    assert gpus_here() == 2
    monkeypatch.setattr(device, "cores_here", lambda: 15)
    assert listeners_of_a_gpu() == 7
    monkeypatch.setattr(device, "cores_here", lambda: 1)
    assert listeners_of_a_gpu() == 1
    smi.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n", encoding="utf-8")
    assert gpus_here() == 0
    smi.unlink()
    assert gpus_here() == 0
