"""The probes for this machine: device, digits, folder for downloads, disk, memory."""

from __future__ import annotations

import sys

from .facts import Facts
from .row import TORCH_AFRESH, SetupRow, torch_works, without_torch

_DATA_BYTES = 200_000_000
_MEMORY_BYTES = 1_000_000_000
_CUDA_INDEX = "https://download.pytorch.org/whl/cu126"
_ON_CPU = "%env CUDA_VISIBLE_DEVICES=-1 as the first cell of a restarted kernel"
_BUNDLED = "%env CNNLIB_DATA=bundled"
_ANEW = "from cnnlib import data; data.load_mnist(time_limit=300)"


def device(facts: Facts) -> SetupRow:
    """Say what PyTorch computes on, and whether a card lies idle."""
    if not torch_works(facts):
        return without_torch("Device")
    if facts.device_error:
        answer = f"the {facts.device.upper()} device is there but fails: "
        fix = _ON_CPU if facts.device == "cuda" else TORCH_AFRESH
        return SetupRow("Device", "fix", answer + facts.device_error, fix)
    if facts.gpu_idle == "cpu build":
        answer = "an NVIDIA card is there, but this PyTorch was built without CUDA"
        return SetupRow("Device", "note", answer, _with_cuda())
    if facts.gpu_idle:
        answer = f"an NVIDIA card is there, but not used: {facts.gpu_idle}"
        return SetupRow(
            "Device", "note", answer, "Update the driver: nvidia.com/drivers"
        )
    answer = "computes; a CPU is enough for every lesson"
    return SetupRow("Device", "ready", answer, detail=facts.device)


def _with_cuda() -> str:
    """PyPI has PyTorch with CUDA for Linux; for Windows only PyTorch's own index."""
    if sys.platform != "win32":
        return TORCH_AFRESH
    return f"{TORCH_AFRESH} --index-url {_CUDA_INDEX}"


def digits(facts: Facts) -> SetupRow:
    """Say whether MNIST is sound where it is, or to be had."""
    if facts.mnist is None:
        return SetupRow(
            "Digits", "waits", "can be checked when the packages are complete"
        )
    place, trouble = facts.mnist
    if facts.data_named not in ("", "bundled"):
        answer = ""
        if place != "CNNLIB_DATA":
            answer = "the folder named in CNNLIB_DATA has no MNIST/raw with four files"
            answer += f" ({trouble})" if trouble else ""
        elif trouble:
            answer = f"MNIST in the folder named in CNNLIB_DATA is damaged: {trouble}"
        if answer:
            return SetupRow("Digits", "fix", answer, "%env CNNLIB_DATA=")
    elif trouble and not facts.data_named:
        state = "damaged" if place else "incomplete"
        answer = f"MNIST in {facts.cache} is {state}: {trouble}"
        return SetupRow("Digits", "fix", answer, _ANEW)
    where = _where(facts.data_named, place)
    return SetupRow("Digits", "ready", "at hand, or fetched when needed", detail=where)


def _where(named: str, place: str) -> str:
    if named == "bundled":
        return "the bundled digits, as CNNLIB_DATA asks"
    if place:
        return f"MNIST, in the {place} folder"
    return "MNIST is fetched when needed, else the bundled digits"


def downloads(facts: Facts) -> SetupRow:
    """Say whether downloads have a folder, where it is needed at all."""
    if facts.cache_error and _fetches(facts):
        answer = f"the folder for downloads cannot be written: {facts.cache_error}"
        return SetupRow("Downloads", "fix", answer, _BUNDLED)
    return SetupRow(
        "Downloads", "ready", "have a place", detail=facts.cache or "not known"
    )


def disk(facts: Facts) -> SetupRow:
    """Say whether there is room for MNIST, where it is to be fetched."""
    free = facts.disk_free
    if _fetches(facts) and free is not None and free < _DATA_BYTES:
        if facts.cache_error:
            return SetupRow(
                "Disk", "waits", "can be checked when downloads have a place"
            )
        answer = f"only {free / 1e6:.0f} MB are free, and MNIST takes 70 MB"
        return SetupRow("Disk", "fix", answer, _BUNDLED)
    return SetupRow("Disk", "ready", "has room", detail=_size(free))


def _fetches(facts: Facts) -> bool:
    here = facts.mnist is not None and facts.mnist.place
    return not here and facts.data_named != "bundled"


def memory(facts: Facts) -> SetupRow:
    """Say whether there is memory for a lesson."""
    free = facts.memory_free
    if free is not None and free < _MEMORY_BYTES:
        answer = f"only {free / 1e9:.1f} GB are free, and lessons 05 to 07 need 1 GB"
        fix = "In JupyterLab's menu: Kernel > Shut Down All Kernels..."
        return SetupRow("Memory", "fix", answer, fix)
    return SetupRow("Memory", "ready", "enough", detail=_size(free))


def _size(free: int | None) -> str:
    return "not known" if free is None else f"{free / 1e9:.1f} GB free"
