# cython: language_level=3
"""Is this the kind of processor that the other kernels were compiled for? Asked before one of them is loaded."""


cdef extern from *:
    """
    #if SEARCHKIT_WIDE && (defined(__x86_64__) || defined(_M_X64))
    static int sk_suits(void)
    {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")
            && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
    }
    #else
    static int sk_suits(void) { return 1; }
    #endif
    """
    int sk_suits()


def suits():
    """Whether the compiled kernels can run here."""
    return bool(sk_suits())
