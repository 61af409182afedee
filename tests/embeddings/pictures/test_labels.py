"""Placing labels: whatever the points, no two labels share a place and none leaves the frame."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from embeddings.pictures.labels import crosses, judge, overlaps, place_labels

FRAME = (300.0, 200.0)
NONE = np.empty((0, 4))
numbers = st.floats(0, 1, width=32)


def check(placement, sizes, frame=FRAME):
    """What must hold of every placement, checked pair by pair."""
    boxes = placement.boxes[placement.is_placed]
    np.testing.assert_allclose(boxes[:, 2:] - boxes[:, :2], sizes[placement.is_placed], atol=1e-9)
    assert (boxes >= 0).all()
    assert (boxes[:, 2:] <= frame).all()
    for index, (left, bottom, right, top) in enumerate(boxes):
        for other in boxes[:index]:
            assert right <= other[0] or left >= other[2] or top <= other[1] or bottom >= other[3]


@st.composite
def layouts(draw):
    count = draw(st.integers(1, 25))
    places = draw(arrays(np.float64, (count, 2), elements=numbers)) * FRAME
    coincident = draw(arrays(np.bool_, count))
    places[coincident] = places[0]
    sizes = 4 + 40 * draw(arrays(np.float64, (count, 2), elements=numbers)) * [2, 0.5]
    lines = draw(arrays(np.float64, (draw(st.integers(0, 3)), 4), elements=numbers)) * [*FRAME, *FRAME]
    return places, sizes, lines


@settings(max_examples=25, deadline=None)
@given(layouts())
def test_no_two_labels_overlap_and_none_leaves_the_frame(layout):
    points, sizes, lines = layout
    placement = place_labels(points, sizes, FRAME, 3.0, lines)
    check(placement, sizes)
    np.testing.assert_array_equal(placement.boxes, place_labels(points, sizes, FRAME, 3.0, lines).boxes)


@settings(max_examples=25, deadline=None)
@given(layouts())
def test_a_leader_line_runs_from_the_edge_of_its_label_to_its_point(layout):
    points, sizes, lines = layout
    placement = place_labels(points, sizes, FRAME, 3.0, lines)
    for point, box, leader in zip(points, placement.boxes, placement.leaders, strict=True):
        if np.isnan(box[0]):
            assert np.isnan(leader).all()
            continue
        nearest = np.clip(point, box[:2], box[2:])
        if np.isnan(leader).any():
            assert np.linalg.norm(nearest - point) < 5  # right beside it
        else:
            np.testing.assert_allclose(leader, [*nearest, *point])


def test_a_hundred_labels_of_one_point_all_find_room():
    points, sizes = np.tile([20.0, 190.0], (100, 1)), np.tile([30.0, 9.0], (100, 1))
    placement = place_labels(points, sizes, (500, 300), 3.0, NONE)
    assert placement.is_placed.all()
    check(placement, sizes, (500, 300))


def test_the_first_labels_are_the_last_to_be_left_out():
    points, sizes = np.tile([50.0, 50.0], (40, 1)), np.tile([30.0, 20.0], (40, 1))
    placement = place_labels(points, sizes, (100, 100), 3.0, NONE)
    check(placement, sizes, (100, 100))
    placed = placement.is_placed
    assert 5 <= placed.sum() <= 15  # there is room for 15 at best
    assert placed[: placed.sum()].all()


@pytest.mark.parametrize("size", [(400, 10), (10, 300)])
def test_a_label_larger_than_the_frame_is_left_out(size):
    placement = place_labels(np.array([[5.0, 5], [99, 9]]), np.array([size, (9.0, 9)]), FRAME, 3.0, NONE)
    assert placement.is_placed.tolist() == [False, True]


def test_with_room_each_label_stands_right_of_its_point():
    points, sizes = np.array([[50.0, 50], [50, 150], [150, 50]]), np.full((3, 2), [20.0, 8.0])
    placement = place_labels(points, sizes, FRAME, 3.0, NONE)
    np.testing.assert_allclose(placement.boxes[:, 0], points[:, 0] + 3)
    np.testing.assert_allclose(placement.boxes[:, [1, 3]].mean(axis=1), points[:, 1])
    assert np.isnan(placement.leaders).all()


def test_labels_spare_other_points_and_lines():
    points, sizes = np.array([[100.0, 100], [112, 100]]), np.full((2, 2), [30.0, 8.0])
    line = np.array([[112.0, 100, 300, 100]])
    placement = place_labels(points, sizes, FRAME, 3.0, line)
    for box in placement.boxes:
        for x, y in points:
            assert not (box[0] < x < box[2] and box[1] < y < box[3])
    assert not crosses(line, placement.boxes).any()


@pytest.mark.parametrize("taken", ["point", "line", "leader", "label in the leader's way", "point in the leader's way"])
def test_what_makes_a_place_dearer(taken):
    candidates = np.array([[65.0, 46, 85, 54], [15, 46, 35, 54]])  # as far right of the point as left
    points, boxes, leaders, lines = np.array([[50.0, 50]]), NONE, NONE, NONE
    if taken == "point":
        points = np.vstack([points, [75, 50]])
    elif taken == "line":
        lines = np.array([[70.0, 0, 80, 100]])
    elif taken == "leader":
        leaders = np.array([[70.0, 0, 80, 100]])
    elif taken == "label in the leader's way":
        boxes = np.array([[57.0, 40, 63, 60]])
    else:
        points = np.vstack([points, [58, 50]])
    cost, leader = judge(candidates, 0, points, boxes, leaders, lines, 2.0)
    assert cost[0] > cost[1] + 0.5
    assert leader.tolist() == [[65, 50, 50, 50], [35, 50, 50, 50]]


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, 4, elements=numbers), arrays(np.float64, 4, elements=numbers))
def test_a_line_crosses_a_box_when_one_of_its_points_lies_inside(line, box):
    assume(np.linalg.norm(line[2:] - line[:2]) > 1e-3)
    box = np.array([*np.minimum(box[:2], box[2:]), *np.maximum(box[:2], box[2:])])
    along = np.linspace(line[:2], line[2:], 2001)
    inside = ((along > box[:2] + 1e-9) & (along < box[2:] - 1e-9)).all(axis=1).sum()  # by more than is rounded
    found = crosses(line[None], box[None])[0, 0]
    if inside:
        assert found
    elif found:  # between the points that were tried, or along an edge: a box a little smaller is not crossed
        smaller = box + np.array([2e-3, 2e-3, -2e-3, -2e-3])
        assert (smaller[2:] <= smaller[:2]).any() or not crosses(line[None], smaller[None])[0, 0]


def test_boxes_that_touch_do_not_overlap():
    box = np.array([[0.0, 0, 2, 2]])
    others = np.array([[2.0, 0, 3, 2], [0, 2, 2, 3], [1.9, 1.9, 3, 3], [np.nan] * 4, [0.5, 0.5, 1, 1]])
    assert overlaps(box, others).tolist() == [[False, False, True, False, True]]


def test_nothing_to_place():
    assert place_labels(np.empty((0, 2)), np.empty((0, 2)), FRAME, 3.0, NONE).boxes.shape == (0, 4)
