"""The frequency of this computer's time stamp counter, which emulated machines see as theirs.

A kernel that measures it at boot on a busy host gets a clock that is several times too fast, so it gets the value from here.
"""
import ctypes
import functools
import mmap
import platform
import time

RDTSC = bytes.fromhex('0f3148c1e2204809d0c3')     # rdtsc; shl rdx, 32; or rax, rdx; ret


@functools.cache
def kilohertz():
    """In kHz; None where the computer has no such counter."""
    if platform.machine() != 'x86_64':
        return None
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(RDTSC)
    counter = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(code)))

    def sample():
        # Of several, the one that nothing came between.
        tries = []
        for _ in range(50):
            before = time.monotonic_ns()
            ticks = counter()
            after = time.monotonic_ns()
            tries.append((after - before, (before + after) / 2, ticks))
        return min(tries)[1:]

    (began, first), _, (ended, last) = sample(), time.sleep(0.2), sample()
    return round((last - first) * 1e6 / (ended - began))
