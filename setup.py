"""Compiles the kernels; everything else about the package stands in pyproject.toml.

They are compiled for the processor of this machine: with AVX2 and its like where it has them, which every x86
server since about 2015 does. SEARCHKIT_PROCESSOR=any in the environment makes a package for every machine of its
kind. Where the package later meets a processor that it was not made for, the plain kernels take over and say so.
"""

import os
import platform
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

KERNELS = Path("searchkit/store/kernels")
WIDE = {"avx2", "bmi1", "bmi2", "abm", "popcnt", "pclmulqdq"}
WIDE_OPTIONS = ["-mavx2", "-mbmi", "-mbmi2", "-mlzcnt", "-mpopcnt", "-mpclmul"]


def is_wide() -> bool:
    """Whether this machine has what the quicker instructions need."""
    if os.environ.get("SEARCHKIT_PROCESSOR") == "any" or platform.machine() not in ("x86_64", "AMD64"):
        return False
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = next((set(line.split()) for line in lines if line.startswith("flags")), set())
    return flags >= WIDE


def extension(path: Path, wide: bool) -> Extension:
    """One kernel. The one that asks which processor this is must run on every processor."""
    options = (
        ["-mavx2", "-mbmi", "-mbmi2", "-mlzcnt", "-mpopcnt", "-mpclmul"] if wide and path.stem != "processor" else []
    )
    return Extension(
        "searchkit.store.kernels." + path.stem,
        [str(path)],
        include_dirs=[str(KERNELS)],
        depends=[str(header) for header in sorted(KERNELS.glob("*.h"))],
        define_macros=[("SEARCHKIT_WIDE", str(int(wide)))],
        extra_compile_args=["-O3", *options],
    )


WIDE_HERE = is_wide()
KERNELS_IN_C = cythonize(
    [extension(path, WIDE_HERE) for path in sorted(KERNELS.glob("*.pyx"))],
    build_dir="build",
)
for kernel in KERNELS_IN_C:
    # Without a compiler the package is installed all the same, and works slowly. Cython forgets it where it is said
    # of the extension that it is given.
    kernel.optional = True
setup(ext_modules=KERNELS_IN_C)
