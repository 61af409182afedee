"""Splits a text at white space and numbers its words by a hash table, at the speed of the memory."""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

LONGEST_WORD = 1_000
"""Bytes; what is longer is no word, and is left out like a rare one."""
END = -1
"""Stands after each document."""
NEWLINE = 10
SIZE, USED, INSIDE, TOKENS, TOO_LONG, WRITTEN = range(6)
"""Places in `state`: words known, bytes of `arena` used, whether inside a document, words read, too long; ids given."""
NUMBER, TAG = uint64(0x00000000FFFFFFFF), uint64(0xFFFFFFFF00000000)
"""The halves of a slot: a word's number + 1 (0: the slot is free), and the upper half of its hash."""
ONE = uint64(1)  # indices are unsigned throughout: for signed ones numba adds a branch at each access
FNV_START, FNV_PRIME = uint64(0xCBF29CE484222325), uint64(0x100000001B3)
LETTER, SPACE, LEAD = 0, 1, 2
KINDS = np.zeros(256, np.uint8)
"""Of each byte: part of a word, white space, or perhaps the first byte of white space outside of ASCII."""
KINDS[[*range(9, 14), *range(28, 33)]] = SPACE
KINDS[[0xC2, 0xE1, 0xE2, 0xE3]] = LEAD


@njit(nogil=True, cache=True)
def wide_space(text, at):  # type: ignore[no-untyped-def]
    """The number of bytes of the white space outside of ASCII at a place, as `str.isspace` knows it; 0 for none."""
    byte, left = text[at], uint64(len(text)) - at
    if byte == 0xC2:
        return uint64(2) if left > 1 and (text[at + ONE] == 0x85 or text[at + ONE] == 0xA0) else uint64(0)
    if left < 3:
        return uint64(0)
    middle, last = text[at + ONE], text[at + ONE + ONE]
    if byte == 0xE1:
        is_space = middle == 0x9A and last == 0x80
    elif byte == 0xE3:
        is_space = middle == 0x80 and last == 0x80
    elif middle == 0x81:
        is_space = last == 0x9F
    else:
        is_space = middle == 0x80 and (last <= 0x8A or 0xA8 <= last <= 0xA9 or last == 0xAF)
    return uint64(3) if is_space else uint64(0)


@njit(inline="always")
def mixed(value):  # type: ignore[no-untyped-def]
    """Spreads what FNV leaves in the low bits over all of them (the end of MurmurHash3)."""
    value = (value ^ (value >> uint64(33))) * uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> uint64(33))) * uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> uint64(33))


@njit(nogil=True, cache=True)
def scan_word(text, at):  # type: ignore[no-untyped-def]
    """Where the word that begins at a place ends, and its hash: FNV-1a, mixed."""
    value, end = FNV_START, uint64(len(text))
    while at < end:
        byte = text[at]
        kind = KINDS[byte]
        if kind != LETTER and (kind == SPACE or wide_space(text, at)):
            break
        value = (value ^ uint64(byte)) * FNV_PRIME
        at += ONE
    return at, mixed(value)


@njit(nogil=True, cache=True)
def find_slot(slots, arena, starts, text, begin, end, value):  # type: ignore[no-untyped-def]
    """The slot of the word `text[begin:end]` with this hash, or the free one where it belongs."""
    mask = uint64(len(slots)) - ONE
    slot = value & mask
    while slots[slot]:
        if (slots[slot] ^ value) & TAG == 0:
            word = (slots[slot] & NUMBER) - ONE
            at, known = begin, starts[word]
            if starts[word + ONE] - known == end - begin:
                while at < end and arena[known] == text[at]:
                    at += ONE
                    known += ONE
                if at == end:
                    break
        slot = (slot + ONE) & mask
    return slot


@njit(nogil=True, cache=True)
def number_words(text, start, slots, arena, starts, counts, ids, state):  # type: ignore[no-untyped-def]
    """Gives the words of a text the numbers under which the table knows them, new ones the next number.

    Args:
        text: UTF-8 bytes `[n]`; a word ends where the text ends.
        start: Where to begin.
        slots: The open-addressing table `[power of two]`, uint64.
        arena: The bytes of all words, one after the other, uint8.
        starts: Where in `arena` each word starts, `[words + 1]`, uint64.
        counts: How often each was seen, int64.
        ids: Takes the numbers, and `END` after each line with words, int32.
        state: See `SIZE` and the others, int64.

    Returns:
        Where it ended: at the end of the text, or before a word for which the table has no room.
    """
    size, used, inside = uint64(state[SIZE]), uint64(state[USED]), state[INSIDE] != 0
    tokens, too_long, written = 0, 0, uint64(0)
    at, stop = uint64(start), uint64(len(text))
    while at < stop:
        byte = text[at]
        if byte == NEWLINE and inside:
            ids[written] = END
            written += ONE
            inside = False
        kind = KINDS[byte]
        width = ONE if kind == SPACE else (wide_space(text, at) if kind == LEAD else uint64(0))
        if width:
            at += width
            continue
        end, value = scan_word(text, at)
        if end - at > LONGEST_WORD:
            too_long += 1
        else:
            slot = find_slot(slots, arena, starts, text, at, end, value)
            if not slots[slot]:
                if size == len(counts) or used + (end - at) > len(arena) or size + size >= len(slots):
                    break
                starts[size + ONE] = used + (end - at)
                size += ONE
                slots[slot] = (value & TAG) | size
                for place in range(at, end):
                    arena[used] = text[place]
                    used += ONE
            word = (slots[slot] & NUMBER) - ONE
            counts[word] += 1
            ids[written] = word
            written += ONE
            inside = True
        tokens += 1
        at = end
    state[SIZE], state[USED], state[INSIDE], state[WRITTEN] = size, used, inside, written
    state[TOKENS] += tokens
    state[TOO_LONG] += too_long
    return at


@njit(nogil=True, cache=True)
def refill(slots, arena, starts, size):  # type: ignore[no-untyped-def]
    """Puts all words into an empty table."""
    mask = uint64(len(slots)) - ONE
    for number in range(size):
        word = uint64(number)
        # All words are distinct, so that looking for a free slot is enough.
        _, value = scan_word(arena[starts[word] : starts[word + ONE]], uint64(0))
        slot = value & mask
        while slots[slot]:
            slot = (slot + ONE) & mask
        slots[slot] = (value & TAG) | (word + ONE)


@njit(nogil=True, cache=True)
def renumber(ids, final, inside):  # type: ignore[no-untyped-def]
    """Changes numbers in place, leaves out words without one, and then documents without words.

    Args:
        ids: Old numbers and `END`s, int32 `[n]`; the first ones become the new ones.
        final: The new number of each old one, -1 for none, `[old words]`.
        inside: Whether the document going on has words already.

    Returns:
        How many there are now, how many of them are documents' ends, and whether the last document goes on.
    """
    written, documents = 0, 0
    for index in range(len(ids)):
        old = ids[index]
        if old == END:
            if inside:
                ids[written] = END
                written += 1
                documents += 1
            inside = False
        elif final[old] >= 0:
            ids[written] = final[old]
            written += 1
            inside = True
    return written, documents, inside
