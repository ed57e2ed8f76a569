"""A gain on Vorbis after it was encoded, exact and without loss.

A decoder multiplies each block's floor, the coarse spectrum, with its residue, the fine one. All residue comes from the
vectors of the codebooks in the setup header, which are a least value and multiples of a step. With both of these
scaled, in every codebook, all that is decoded is scaled (Vorbis I specification, sections 3.2.1, 4.2.4, 4.3 and 8.6;
the square polar mapping of stereo only adds and subtracts). This holds for streams whose floor is of type 1, as all
encoders have written it since 2001: type 0 has vectors of its own.

The numbers of libvorbis's codebooks are whole and have up to 14 bits, of 21 that there is room for. So a gain of 8 bits
scales them exactly (the largest to a millionth), and what cancels out still does: gains come in steps of at most 0.068 dB.
"""

from __future__ import annotations

import math
from functools import lru_cache

SYNC = 0x564342
MANTISSA_BITS = 21
EXPONENT_BIAS = 788
GAIN_BITS = 8
MANTISSA = (1 << MANTISSA_BITS) - 1
NEGATIVE = 1 << 31


def gains_db(gain_db: float) -> tuple[float, float]:
    """Return the two gains nearest to this one that scale exactly: at most as high, and higher."""
    mantissa, exponent = math.frexp(10 ** (gain_db / 20))
    whole = math.floor(math.ldexp(mantissa, GAIN_BITS) + 1e-9)
    low_db, high_db = (20 * math.log10(math.ldexp(step, exponent - GAIN_BITS)) for step in (whole, whole + 1))
    return low_db, high_db


def scaled(setup: bytes, gain: float) -> bytes:
    """Return a setup header that decodes to `gain` times the amplitude. Raises ValueError for what is none."""
    made = bytearray(setup)
    for at in _values(setup):
        first, shift = divmod(at, 8)
        window = int.from_bytes(made[first : first + 5], "little")
        value = _packed(_unpacked(window >> shift & 0xFFFFFFFF) * gain)
        window = window & ~(0xFFFFFFFF << shift) | value << shift
        made[first : first + 5] = window.to_bytes(5, "little")
    return bytes(made)


def _unpacked(bits: int) -> float:
    """Return the number that 32 bits stand for (section 9.2.2): a mantissa of 21, an exponent of 10, and the sign."""
    value = math.ldexp(bits & MANTISSA, (bits >> MANTISSA_BITS & 0x3FF) - EXPONENT_BIAS)
    return -value if bits & NEGATIVE else value


def _packed(value: float) -> int:
    mantissa, exponent = math.frexp(abs(value))
    whole = round(math.ldexp(mantissa, MANTISSA_BITS))
    if whole > MANTISSA:
        whole, exponent = whole >> 1, exponent + 1
    if whole == 0:
        return 0
    return (
        (NEGATIVE if value < 0 else 0) | (exponent - MANTISSA_BITS + EXPONENT_BIAS) << MANTISSA_BITS | whole
    )


@lru_cache(maxsize=32)
def _values(setup: bytes) -> tuple[int, ...]:
    """Return the bits at which the codebooks' least values and steps begin."""
    if setup[:7] != b"\x05vorbis":
        raise ValueError("no setup header of Vorbis")
    bits = _Bits(setup, 7 * 8)
    found: list[int] = []
    for _ in range(bits.read(8) + 1):
        if bits.read(24) != SYNC:
            raise ValueError("a damaged setup header of Vorbis: a codebook does not begin as one")
        dimensions, entries = bits.read(16), bits.read(24)
        _skip_lengths(bits, entries)
        lookup = bits.read(4)
        if lookup:
            found += [bits.at, bits.at + 32]
            bits.at += 64
            value_bits = bits.read(4) + 1
            bits.at += 1
            bits.at += value_bits * (
                _multiplicands(entries, dimensions) if lookup == 1 else entries * dimensions
            )
    return tuple(found)


def _skip_lengths(bits: _Bits, entries: int) -> None:
    """Skip the lengths of a codebook's words (section 3.2.1)."""
    if bits.read(1):  # ordered: how many have each length, from the shortest on
        bits.at += 5
        while entries > 0:
            entries -= bits.read(entries.bit_length())
        return
    if not bits.read(1):
        bits.at += 5 * entries
        return
    for _ in range(entries):  # sparse: those that are used have a length
        if bits.read(1):
            bits.at += 5


def _multiplicands(entries: int, dimensions: int) -> int:
    """Return the largest number of which so many powers are no more than the entries (section 9.2.3)."""
    count: int = math.floor(entries ** (1 / dimensions))
    while (count + 1) ** dimensions <= entries:
        count += 1
    while count**dimensions > entries:
        count -= 1
    return count


class _Bits:
    """Reads a packet's bits, the least significant of each byte first."""

    def __init__(self, packet: bytes, at: int) -> None:
        self._packet, self.at = packet, at

    def read(self, count: int) -> int:
        first, shift = divmod(self.at, 8)
        self.at += count
        if self.at > 8 * len(self._packet):
            raise ValueError("a damaged setup header of Vorbis: it ends too early")
        window = int.from_bytes(self._packet[first : first + 5], "little")
        return window >> shift & ((1 << count) - 1)
