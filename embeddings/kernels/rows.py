"""Operations on whole rows of a matrix of vectors, as explicit vector code.

A compiler that sees two matrices must assume that they overlap, and then neither keeps a row in registers nor moves
16 numbers at once: written as plain loops the same operations take five times as long. Here each is spelled out in
LLVM's own terms: vectors of 16 float32, which LLVM splits where the machine has shorter ones.

Matrices come from `matrix`: rows are padded with zeros to a multiple of 16 numbers, and begin on a cache line. How many
vectors of 16 a row has is known when code is compiled: it is the length of the tuple `lanes(dimensions)`, which every
operation takes as its first argument. Row numbers are not checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16
"""Numbers of a vector: what AVX-512 takes at once, a cache line."""
LINE = 64
"""Bytes of a cache line."""
ACCUMULATED = 8
"""Vectors that are kept in registers at once, of the 16 that AVX2 has."""

FLOAT, INT32, INT64, BYTE = ir.FloatType(), ir.IntType(32), ir.IntType(64), ir.IntType(8)
VECTOR = ir.VectorType(FLOAT, LANES)
FAST = ("fast",)


def lanes(dimensions: int) -> tuple[int, ...]:
    """What tells compiled code how many vectors of 16 a row has.

    Example:
        >>> len(lanes(100))
        7
    """
    return (0,) * -(-dimensions // LANES)


def matrix(rows: int, dimensions: int) -> np.ndarray:
    """Zeros, float32 `[rows, width]`: the width is a multiple of 16, each row begins on a cache line.

    Example:
        >>> matrix(3, 100).shape
        (3, 112)
    """
    width = LANES * len(lanes(dimensions))
    room = np.zeros(rows * width + LANES, np.float32)
    start = -room.ctypes.data % LINE // room.itemsize
    return room[start : start + rows * width].reshape(rows, width)


class _Rows:
    """Writes the code of one operation.

    Args:
        context, builder, signature, args: What Numba gives an intrinsic.
    """

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.builder, self.width = builder, len(signature.args[0])
        self.context = context
        self.args = [self.as_needed(types.unliteral(kind), arg) for kind, arg in zip(signature.args, args, strict=True)]

    def as_needed(self, kind: Any, arg: Any) -> Any:
        """An argument: an array's parts, whole numbers as int64, others as float32."""
        if isinstance(kind, types.Array):
            return self.context.make_array(kind)(self.context, self.builder, arg)
        if isinstance(kind, types.Integer):
            return self.context.cast(self.builder, arg, kind, types.int64)
        return self.context.cast(self.builder, arg, kind, types.float32) if isinstance(kind, types.Float) else arg

    def row(self, array: Any, index: Any) -> Any:
        """Where a row begins."""
        stride = cgutils.unpack_tuple(self.builder, array.strides)[0]
        start = self.builder.bitcast(array.data, BYTE.as_pointer())
        return self.builder.gep(start, [self.builder.mul(index, stride)])

    def at(self, row: Any, vector: int) -> Any:
        """Where a vector of a row is."""
        place = self.builder.gep(row, [ir.Constant(INT64, vector * LINE)])
        return self.builder.bitcast(place, VECTOR.as_pointer())

    def load(self, row: Any, vector: int) -> Any:
        return self.builder.load(self.at(row, vector), align=LINE)

    def store(self, value: Any, row: Any, vector: int) -> None:
        self.builder.store(value, self.at(row, vector), align=LINE)

    def element(self, array: Any, index: Any) -> Any:
        """A number of a one-dimensional array; row numbers must be int64."""
        return self.builder.load(self.builder.gep(array.data, [index]))

    def splat(self, number: Any) -> Any:
        """A vector of one number 16 times."""
        undefined = ir.Constant(VECTOR, ir.Undefined)
        first = self.builder.insert_element(undefined, number, ir.Constant(INT32, 0))
        return self.builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES))

    def multiply(self, a: Any, b: Any) -> Any:
        return self.builder.fmul(a, b, flags=FAST)

    def add(self, a: Any, b: Any) -> Any:
        return self.builder.fadd(a, b, flags=FAST)

    def subtract(self, a: Any, b: Any) -> Any:
        return self.builder.fsub(a, b, flags=FAST)

    def dot(self, a: Any, b: Any) -> Any:
        """Of two rows, each a function from the number of a vector to the vector."""
        sums: list[Any] = [None, None]  # two, so that an addition need not wait for the one before
        for vector in range(self.width):
            product = self.multiply(a(vector), b(vector))
            sums[vector % 2] = self.add(product, sums[vector % 2]) if sums[vector % 2] is not None else product
        total = self.add(*sums) if self.width > 1 else sums[0]
        name, kind = "llvm.vector.reduce.fadd.v16f32", ir.FunctionType(FLOAT, [FLOAT, VECTOR])
        reduce = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(reduce, [ir.Constant(FLOAT, -0.0), total], fastmath=FAST)


def _operation(write: Callable[..., Any], result: Any = types.void) -> Callable[..., Any]:
    """The code generator of an intrinsic, from a function of `_Rows` and of the arguments after the first."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = _Rows(context, builder, signature, args)
        value = write(rows, *rows.args[1:])
        return context.get_dummy_value() if result == types.void else value

    return generate


@intrinsic
def dot(typing: Any, lanes: Any, a: Any, i: Any, b: Any, j: Any) -> Any:
    """`a[i] · b[j]`."""

    def write(rows: _Rows, a: Any, i: Any, b: Any, j: Any) -> Any:
        left, right = rows.row(a, i), rows.row(b, j)
        return rows.dot(lambda vector: rows.load(left, vector), lambda vector: rows.load(right, vector))

    return types.float32(lanes, a, i, b, j), _operation(write, types.float32)


@intrinsic
def dots(typing: Any, lanes: Any, a: Any, i: Any, b: Any, at: Any, n: Any, out: Any, start: Any) -> Any:
    """`out[start + m] = a[i] · b[at[m]]` for the first `n` of `at`."""

    def write(rows: _Rows, a: Any, i: Any, b: Any, at: Any, n: Any, out: Any, start: Any) -> None:
        left = rows.row(a, i)
        kept = [rows.load(left, vector) for vector in range(rows.width)]
        with cgutils.for_range(rows.builder, n) as loop:
            right = rows.row(b, rows.element(at, loop.index))
            product = rows.dot(kept.__getitem__, lambda vector: rows.load(right, vector))
            rows.builder.store(product, rows.builder.gep(out.data, [rows.builder.add(start, loop.index)]))

    return types.void(lanes, a, i, b, at, n, out, start), _operation(write)


@intrinsic
def add_rows(typing: Any, lanes: Any, a: Any, i: Any, b: Any, at: Any, n: Any, by: Any, start: Any, step: Any) -> Any:
    """`a[i] += by[start + m step] b[at[m]]`, summed over the first `n` of `at`."""

    def write(rows: _Rows, a: Any, i: Any, b: Any, at: Any, n: Any, by: Any, start: Any, step: Any) -> None:
        builder, target = rows.builder, rows.row(a, i)
        for first in range(0, rows.width, ACCUMULATED):
            vectors = range(first, min(first + ACCUMULATED, rows.width))
            sums = [cgutils.alloca_once_value(builder, rows.load(target, vector)) for vector in vectors]
            with cgutils.for_range(builder, n) as loop:
                source = rows.row(b, rows.element(at, loop.index))
                place = builder.add(start, builder.mul(loop.index, step))
                factor = rows.splat(rows.element(by, place))
                for total, vector in zip(sums, vectors, strict=True):
                    scaled = rows.multiply(rows.load(source, vector), factor)
                    builder.store(rows.add(scaled, builder.load(total)), total)
            for total, vector in zip(sums, vectors, strict=True):
                rows.store(builder.load(total), target, vector)

    return types.void(lanes, a, i, b, at, n, by, start, step), _operation(write)


@intrinsic
def copy_row(typing: Any, lanes: Any, a: Any, i: Any, b: Any, j: Any) -> Any:
    """`a[i] = b[j]`."""

    def write(rows: _Rows, a: Any, i: Any, b: Any, j: Any) -> None:
        target, source = rows.row(a, i), rows.row(b, j)
        for vector in range(rows.width):
            rows.store(rows.load(source, vector), target, vector)

    return types.void(lanes, a, i, b, j), _operation(write)


@intrinsic
def adagrad(typing: Any, lanes: Any, a: Any, ra: Any, i: Any, b: Any, rb: Any, j: Any, g: Any) -> Any:
    r"""One step of AdaGrad on `a[i]` and `b[j]`, whose gradients are `g b[j]` and `g a[i]`.

    `ra` and `rb` hold :math:`r = 1/\sqrt{G}`, not AdaGrad's sum of squares :math:`G` itself. With the step
    :math:`d = g_k r`, :math:`G' = G + g_k^2` is :math:`G (1 + d^2)`, so

    .. math:: r' = r (1 + d^2)^{-1/2}

    which two of Newton's iterations from 1 give to float32's precision where d is below 0.1, as all but the first steps
    are, and to 1e-3 below 0.5: neither a root nor a division is left. A longer step is cut to 0.5, gradient and all.
    """

    def write(rows: _Rows, a: Any, ra: Any, i: Any, b: Any, rb: Any, j: Any, g: Any) -> None:
        left, right = rows.row(a, i), rows.row(b, j)
        sides = ((left, rows.row(ra, i), right), (right, rows.row(rb, j), left))
        factor = rows.splat(g)
        for vector in range(rows.width):
            old = {row: rows.load(row, vector) for row in (left, right)}
            for row, roots, other in sides:
                root = rows.load(roots, vector)
                step = _cut(rows, rows.multiply(rows.multiply(factor, old[other]), root))
                rows.store(rows.subtract(old[row], step), row, vector)
                rows.store(rows.multiply(root, _inverse_root(rows, rows.multiply(step, step))), roots, vector)

    return types.void(lanes, a, ra, i, b, rb, j, g), _operation(write)


LONGEST_STEP = 0.5


def _cut(rows: _Rows, step: Any) -> Any:
    """The step, from -0.5 to 0.5."""
    for name, limit in (("minnum", LONGEST_STEP), ("maxnum", -LONGEST_STEP)):
        kind = ir.FunctionType(VECTOR, [VECTOR, VECTOR])
        bound = cgutils.get_or_insert_function(rows.builder.module, kind, f"llvm.{name}.v16f32")
        step = rows.builder.call(bound, [step, ir.Constant(VECTOR, [limit] * LANES)], fastmath=FAST)
    return step


def _inverse_root(rows: _Rows, square: Any) -> Any:
    """`(1 + square)^-1/2`: exact at 0, by two iterations `y (3 - x y²) / 2` that begin with 1."""
    one, half, one_and_half = (ir.Constant(VECTOR, [number] * LANES) for number in (1.0, 0.5, 1.5))
    first = rows.subtract(one, rows.multiply(half, square))
    fit = rows.multiply(rows.multiply(rows.add(one, square), first), first)
    return rows.multiply(first, rows.subtract(one_and_half, rows.multiply(half, fit)))


@intrinsic
def prefetch_row(typing: Any, lanes: Any, a: Any, i: Any) -> Any:
    """Asks for `a[i]` to be brought near, without waiting for it."""

    def write(rows: _Rows, a: Any, i: Any) -> None:
        row = rows.row(a, i)
        kind = ir.FunctionType(ir.VoidType(), [BYTE.as_pointer(), INT32, INT32, INT32])
        prefetch = cgutils.get_or_insert_function(rows.builder.module, kind, "llvm.prefetch.p0")
        to_read, keep_long, data = (ir.Constant(INT32, number) for number in (0, 3, 1))
        for vector in range(rows.width):
            place = rows.builder.gep(row, [ir.Constant(INT64, vector * LINE)])
            rows.builder.call(prefetch, [place, to_read, keep_long, data])

    return types.void(lanes, a, i), _operation(write)
