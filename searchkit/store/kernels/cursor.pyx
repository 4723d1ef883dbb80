# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A walk over the postings of one term in one segment, for the other kernels; see walk.pxi."""

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from searchkit.store.kernels.bits cimport (
    BIT_SET, BLOCK, load32, load64, load_float, read_number, sk_count_bits, sk_fetch, sk_lane_value, sk_lowest_bit,
    sk_unpack_sums, unpack,
)

include "walk.pxi"
