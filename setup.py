"""Compiles the kernels; everything else about the package stands in pyproject.toml."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

KERNELS = sorted(Path("searchkit/store/kernels").glob("*.pyx"))

setup(
    ext_modules=cythonize(
        [
            Extension(
                "searchkit.store.kernels." + path.stem,
                [str(path)],
                include_dirs=["searchkit/store/kernels"],
                depends=["searchkit/store/kernels/lanes.h"],
                extra_compile_args=["-O3","-march=x86-64-v3","-ffp-contract=off"],
                # Without a compiler the package is installed all the same, and works slowly.
                optional=True,
            )
            for path in KERNELS
        ],
        build_dir="build",
    )
)
