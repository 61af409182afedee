"""Where the labels of points go, so that none overlaps another: pure geometry, in any unit of length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray

ANGLES = np.deg2rad([0, 45, 315, 135, 225, 180, 90, 270, 22, 338, 158, 202, 68, 112, 248, 292])
"""Directions from a point to its label, those that read best first."""
DISTANCES = np.array([0, 0.7, 1.4, 2.2, 3.2, 4.5, 6.0])
"""Of a label from its point, in heights of a line; beyond the first a leader line joins the two."""
COVERED_POINT, CROSSED_LINE, CROSSED_LEADER, CROSSED_LABEL, CROSSED_POINT = 4.0, 2.0, 3.0, 3.0, 2.0
"""What a place costs, beside its distance; chosen by looking at pictures."""
SWEEPS = 3
FURTHER = 200
"""How many of the nearest free places anywhere are compared when there is none around the point."""


@dataclass(frozen=True)
class Placement:
    """Where labels went.

    Args:
        boxes: `[labels, 4]`: left, bottom, right, top; NaN for a label that was left out for want of room.
        leaders: `[labels, 4]`: from x, y on the edge of the label to x, y of its point; NaN where none is needed.
    """

    boxes: Array
    leaders: Array

    @property
    def is_placed(self) -> Array:
        """`[labels]`: whether each label has a place."""
        return ~np.isnan(self.boxes[:, 0])


def place_labels(points: Array, sizes: Array, frame: tuple[float, float], gap: float, lines: Array) -> Placement:
    """Places labels beside their points, further away with a leader line where that is taken, or leaves them out.

    Each label in turn takes the cheapest free place: near its point, covering no other point, crossing no line. A few
    sweeps then let each choose again, now that it sees all the others. The earlier a label, the surer of a place it is.

    Args:
        points: `[labels, 2]`, the most important first.
        sizes: `[labels, 2]`: width and height of each label.
        frame: Width and height of the area from (0, 0) that no label may leave.
        gap: Least distance of a label from the middle of its own point; half the side of the square that others are.
        lines: `[lines, 4]`: lines drawn already (x, y, x, y) that labels had better not cover.

    Returns:
        The boxes, pairwise disjoint and inside the frame, and the leader lines.

    Example:
        >>> placement = place_labels(np.zeros((2, 2)) + 50, np.full((2, 2), 10.0), (100, 100), 3, np.empty((0, 4)))
        >>> placement.boxes[0].tolist()
        [53.0, 45.0, 63.0, 55.0]
    """
    boxes, leaders = np.full((len(points), 4), np.nan), np.full((len(points), 4), np.nan)
    line_height = float(np.median(sizes[:, 1])) if len(sizes) else 0.0
    for _ in range(SWEEPS):
        for index in range(len(points)):
            boxes[index] = leaders[index] = np.nan
            around = around_point(points[index], sizes[index], gap, line_height)
            candidates = around[is_free(around, boxes, frame)]
            if not len(candidates):
                candidates = nearest_free(points[index], sizes[index], boxes, frame)
            if not len(candidates):
                continue
            cost, joined = judge(candidates, index, points, boxes, leaders, lines, gap)
            best = int(cost.argmin())
            boxes[index], leaders[index] = candidates[best], joined[best]
    return Placement(boxes, leaders)


def around_point(point: Array, size: Array, gap: float, line_height: float) -> Array:
    """Boxes around a point, the best first, `[places, 4]`."""
    towards = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)  # [angles, 2]
    # At the corners a box may come nearer than beside an edge.
    beside = np.clip(1.42 * towards, -1, 1) * size / 2 + towards * gap
    middles = point + beside + DISTANCES[:, None, None] * line_height * towards  # [distances, angles, 2]
    return boxes_around(middles.reshape(-1, 2), size)


def nearest_free(point: Array, size: Array, boxes: Array, frame: tuple[float, float]) -> Array:
    """The free boxes nearest to a point of a grid over the whole frame, `[places, 4]`."""
    steps = [np.arange(size[axis] / 2, frame[axis] - size[axis] / 2, size[axis] / 2) for axis in (0, 1)]
    middles = np.stack(np.meshgrid(*steps), axis=-1).reshape(-1, 2)
    middles = middles[np.argsort(np.abs(middles - point).max(axis=1), kind="stable")]
    for start in range(0, len(middles), 4 * FURTHER):
        candidates = boxes_around(middles[start : start + 4 * FURTHER], size)
        free = candidates[is_free(candidates, boxes, frame)]
        if len(free):
            return free[:FURTHER]
    return np.empty((0, 4))


def boxes_around(middles: Array, size: Array) -> Array:
    """Boxes of one size around their middles."""
    return np.hstack([middles - size / 2, middles + size / 2])


def is_free(candidates: Array, boxes: Array, frame: tuple[float, float]) -> Array:
    """`[places]`: whether a place lies in the frame and overlaps no box; boxes that are NaN are not there."""
    inside = np.asarray((candidates[:, :2] >= 0).all(axis=1) & (candidates[:, 2:] <= np.asarray(frame)).all(axis=1))
    if len(candidates):
        area = np.hstack([candidates[:, :2].min(axis=0), candidates[:, 2:].max(axis=0)])
        boxes = boxes[touches(boxes, area)]
    inside &= ~overlaps(candidates, boxes).any(axis=1)
    return inside


def overlaps(some: Array, others: Array) -> Array:
    """`[some, others]`: whether two boxes share an area."""
    left, bottom, right, top = (some[:, None, side] for side in range(4))
    return (
        (left < others[None, :, 2])
        & (right > others[None, :, 0])
        & (bottom < others[None, :, 3])
        & (top > others[None, :, 1])
    )


def judge(
    candidates: Array, index: int, points: Array, boxes: Array, leaders: Array, lines: Array, gap: float
) -> tuple[Array, Array]:
    """What each free place costs one label, `[places]`, and the leader line it needs there, `[places, 4]`."""
    point, height = points[index], candidates[0, 3] - candidates[0, 1]
    edge = np.clip(point, candidates[:, :2], candidates[:, 2:])  # the nearest to the point, [places, 2]
    distance = np.linalg.norm(edge - point, axis=1)
    leader = np.hstack([edge, np.broadcast_to(point, edge.shape)])
    leader[distance < 1.5 * gap] = np.nan
    area = np.hstack(
        [np.minimum(candidates[:, :2].min(axis=0), point), np.maximum(candidates[:, 2:].max(axis=0), point)]
    )
    boxes, leaders, lines = (rows[touches(rows, area)] for rows in (boxes, leaders, lines))
    others = points[(np.abs(points - point) > gap / 2).any(axis=1)]  # those in the same place are always as near
    spots = boxes_around(others, np.full(2, 2 * gap))
    spots = spots[touches(spots, area)]
    cost = np.maximum(0, distance - 1.5 * gap) / height
    cost += COVERED_POINT * overlaps(candidates, spots).sum(axis=1)
    cost += CROSSED_POINT * crosses(leader, spots).sum(axis=1)
    cost += CROSSED_LINE * crosses(lines, candidates).sum(axis=0)
    cost += CROSSED_LEADER * crosses(leaders, candidates).sum(axis=0)
    cost += CROSSED_LABEL * crosses(leader, boxes).sum(axis=1)
    return cost + 1e-3 * np.arange(len(candidates)), leader  # of equals the better direction


def touches(rows: Array, area: Array) -> Array:
    """`[rows]`: whether a box, or a line's bounding box, shares an area with a box; what is NaN does not."""
    bounds = np.hstack([np.minimum(rows[:, :2], rows[:, 2:]), np.maximum(rows[:, :2], rows[:, 2:])])
    return overlaps(area[None], bounds)[0]


def crosses(lines: Array, boxes: Array) -> Array:
    """`[lines, boxes]`: whether a line passes through a box, by the separating-axis test; NaN never does."""
    half = (lines[:, None, 2:] - lines[:, None, :2]) / 2
    extent = (boxes[None, :, 2:] - boxes[None, :, :2]) / 2
    apart = (lines[:, None, 2:] + lines[:, None, :2]) / 2 - (boxes[None, :, 2:] + boxes[None, :, :2]) / 2
    near = (np.abs(apart) < extent + np.abs(half)).all(axis=2)
    across = np.abs(half[..., 0] * apart[..., 1] - half[..., 1] * apart[..., 0])
    return near & (across < extent[..., 0] * np.abs(half[..., 1]) + extent[..., 1] * np.abs(half[..., 0]))
