"""Faces, found by a file of YuNet's format that takes white squares for faces, and seen by a tiny ArcFace."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
import torch
from evalsuite.metrics._arcface import NAME, PLACES, aligned
from torch import Tensor
from torch.nn.functional import batch_norm, conv2d, linear, prelu

from evalsuite import plugins
from evalsuite.errors import WeightsError
from evalsuite.features import extract
from evalsuite.types import Clip, Entity, Features, Segment, Storyboard
from tests.metrics.backbone_files import drawn, hand_over, pickled

WIDTHS = (4, 4, 6, 8, 8)
CHANNELS = 16
STRIDES = (8, 16, 32)
FACE = 24.0
"""Pixels of the found face's side."""
POINTS = (PLACES - (56 + 72j)) * np.exp(0.3j) * 0.2
"""Eyes, nose and mouth around the middle of the square: a face that is tilted and a fifth as large."""


def arcface_state() -> dict[str, Tensor]:
    """As insightface's PyTorch code saves it: four layers of a block each, and a second one in the third."""
    shapes: dict[str, tuple[int, ...]] = {"conv1.weight": (WIDTHS[0], 3, 3, 3), "prelu.weight": (WIDTHS[0],)}
    shapes |= _norm("bn1", WIDTHS[0])
    for number in range(1, 5):
        for block in range(1 + (number == 3)):
            inputs, outputs = WIDTHS[number - 1] if block == 0 else WIDTHS[number], WIDTHS[number]
            name = f"layer{number}.{block}"
            shapes |= {f"{name}.conv1.weight": (outputs, inputs, 3, 3), f"{name}.prelu.weight": (outputs,)}
            shapes |= {f"{name}.conv2.weight": (outputs, outputs, 3, 3)}
            shapes |= _norm(f"{name}.bn1", inputs) | _norm(f"{name}.bn2", outputs) | _norm(f"{name}.bn3", outputs)
            if block == 0:
                shapes |= {f"{name}.downsample.0.weight": (outputs, inputs, 1, 1)}
                shapes |= _norm(f"{name}.downsample.1", outputs)
    shapes |= _norm("bn2", WIDTHS[-1]) | _norm("features", CHANNELS)
    shapes |= {"fc.weight": (CHANNELS, WIDTHS[-1] * 49), "fc.bias": (CHANNELS,)}
    state = drawn(shapes)
    positive = {name: each.abs() + 0.5 for name, each in state.items() if name.endswith("running_var")}
    counts = {f"{name[:-4]}num_batches_tracked": torch.tensor(7) for name in state if name.endswith("running_mean")}
    return state | positive | {name.replace("running_", ""): each for name, each in counts.items()}


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.{each}": (width,) for each in ("weight", "bias", "running_mean", "running_var")}


def written_out(state: dict[str, Tensor], face: np.ndarray) -> np.ndarray:
    """The network by its formulas, in float64; of length 1."""
    state = {name: each.double() for name, each in state.items()}

    def norm(x: Tensor, name: str) -> Tensor:
        mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
        return batch_norm(x, mean, var, state[f"{name}.weight"], state[f"{name}.bias"])

    x = torch.from_numpy(face).permute(2, 0, 1)[None].double() / 127.5 - 1
    x = prelu(norm(conv2d(x, state["conv1.weight"], padding=1), "bn1"), state["prelu.weight"])
    for name in ("layer1.0", "layer2.0", "layer3.0", "layer3.1", "layer4.0"):
        inner = conv2d(norm(x, f"{name}.bn1"), state[f"{name}.conv1.weight"], padding=1)
        inner = prelu(norm(inner, f"{name}.bn2"), state[f"{name}.prelu.weight"])
        stride = 2 if name.endswith(".0") else 1
        inner = norm(conv2d(inner, state[f"{name}.conv2.weight"], stride=stride, padding=1), f"{name}.bn3")
        if stride == 2:
            x = norm(conv2d(x, state[f"{name}.downsample.0.weight"], stride=2), f"{name}.downsample.1")
        x = x + inner
    row = norm(linear(norm(x, "bn2").flatten(1), state["fc.weight"], state["fc.bias"]), "features")[0].numpy()
    return row / np.linalg.norm(row)


def yunet() -> bytes:
    """An ONNX file with the outputs of YuNet: one convolution each, which takes a white cell of 8 x 8 for a face."""
    nodes, weights, outputs = b"", b"", b""
    box = [0.5, 0.5, np.log(FACE / 8), np.log(FACE / 8)]
    places = np.stack([POINTS.real, POINTS.imag], axis=1).ravel() / 8 + 0.5
    for kind, biases in (("cls", [0.0]), ("obj", [1.0]), ("bbox", box), ("kps", places)):
        for stride in STRIDES:
            name = f"{kind}_{stride}"
            bright = 1 / (3 * 64 * 255) if name == "cls_8" else 0.0
            kernel = np.full((len(biases), 3, stride, stride), bright)
            weights += _field(5, _tensor(f"{name}_w", kernel)) + _field(5, _tensor(f"{name}_b", np.array(biases)))
            weights += _field(5, _shape(f"{name}_s", [1, -1, len(biases)]))
            nodes += _node("Conv", ["input", f"{name}_w", f"{name}_b"], f"{name}_1", strides=[stride, stride])
            nodes += _node("Transpose", [f"{name}_1"], f"{name}_2", perm=[0, 2, 3, 1])
            nodes += _node("Reshape", [f"{name}_2", f"{name}_s"], name)
            outputs += _field(12, _value(name, [1, -1, len(biases)]))
    graph = nodes + _field(2, b"yunet") + weights + _field(11, _value("input", [1, 3, -1, -1])) + outputs
    return _number(1, 8) + _field(8, _number(2, 13)) + _field(7, graph)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    done = b""
    while value > 127:
        done, value = done + bytes([value & 127 | 128]), value >> 7
    return done + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _tensor(name: str, values: np.ndarray) -> bytes:
    raw = values.astype("<f4").tobytes()
    return (
        b"".join(_number(1, size) for size in values.shape) + _number(2, 1) + _field(8, name.encode()) + _field(9, raw)
    )


def _shape(name: str, sizes: list[int]) -> bytes:
    return _number(1, len(sizes)) + _number(2, 7) + _field(8, name.encode()) + _field(9, struct.pack("<3q", *sizes))


def _node(operator: str, inputs: list[str], output: str, **numbers: list[int]) -> bytes:
    node = b"".join(_field(1, each.encode()) for each in inputs) + _field(2, output.encode())
    node += _field(4, operator.encode())
    for name, values in numbers.items():
        node += _field(5, _field(1, name.encode()) + b"".join(_number(8, each) for each in values) + _number(20, 7))
    return _field(1, node)


def _value(name: str, sizes: list[int]) -> bytes:
    dims = b"".join(_field(1, _number(1, size) if size > 0 else _field(2, b"n%d" % -size)) for size in sizes)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, 1) + _field(2, dims)))


@pytest.fixture
def faces(weights_folder, tmp_path, monkeypatch):
    (tmp_path / "yunet.onnx").write_bytes(yunet())
    hand_over(monkeypatch, tmp_path / "yunet.onnx", "yunet")
    state = arcface_state()
    hand_over(monkeypatch, pickled(tmp_path / "arcface.pth", state), "arcface-r50")
    return state


def picture(*cells: tuple[int, int]) -> np.ndarray:
    """Dark noise of 96 x 128 with white cells at these rows and columns of 8 pixels."""
    frame = np.random.default_rng(len(cells)).integers(0, 120, (96, 128, 3), dtype=np.uint8)
    for row, column in cells:
        frame[8 * row : 8 * row + 8, 8 * column : 8 * column + 8] = 255
    return frame


def test_the_only_face_is_turned_upright_and_seen_by_the_network_written_out(faces):
    frames = np.stack([picture((5, 6)), picture(), picture((2, 2), (7, 12)), picture((6, 9))])
    rows = extract([Clip(frames, np.arange(4) / 2)], [NAME])[NAME].array
    assert rows[:, 0].tolist() == [1, 0, 2, 1]
    assert not rows[1:3, 1:].any()
    for number, (row, column) in ((0, (5, 6)), (3, (6, 9))):
        middle = np.array([8 * column + 4, 8 * row + 4])
        turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]) * 0.2
        forth = np.column_stack([turn, middle - turn @ [56, 72]])
        face = cv2.warpAffine(frames[number], cv2.invertAffineTransform(forth), (112, 112))
        assert rows[number, 1:] @ written_out(faces, face) > 0.999


def test_from_frames_to_a_score(faces):
    """One face in each frame: Ann's in the first and last segment, Bob's in the third, and in the second nobody's."""
    frames = np.stack([picture((5, 6 + number % 3)) for number in range(16)])
    rows = extract([Clip(frames, np.arange(16) / 2)], [NAME])
    found = plugins.metric("arcface").measure(rows, BOARD)
    assert found.coverage == 1
    rows_of_ann = rows[NAME].array[[0, 1, 2, 3, 12, 13, 14, 15], 1:]
    expected = [rows_of_ann[i] @ rows_of_ann[j] for i in range(8) for j in range(i + 1, 8)]
    of_bob = rows[NAME].array[8:12, 1:]
    expected_of_bob = [of_bob[i] @ of_bob[j] for i in range(4) for j in range(i + 1, 4)]
    assert found.value == pytest.approx(np.mean([np.mean(expected), np.mean(expected_of_bob)]), abs=1e-5)


def test_alignment_is_the_least_squares_of_all_similarities():
    luck = np.random.default_rng(0)
    points = PLACES * 0.5 * np.exp(0.2j) + 30 + 20j + luck.normal(0, 1, 5) + 1j * luck.normal(0, 1, 5)
    rows = [[x, -y, 1, 0] for x, y in zip(points.real, points.imag, strict=True)]
    rows += [[y, x, 0, 1] for x, y in zip(points.real, points.imag, strict=True)]
    a, b, x, y = np.linalg.lstsq(np.array(rows), np.concatenate([PLACES.real, PLACES.imag]))[0]
    frame = cv2.resize(luck.integers(0, 256, (12, 12, 3), dtype=np.uint8), (120, 120))
    expected = cv2.warpAffine(frame, np.array([[a, -b, x], [b, a, y]]), (112, 112))
    assert np.abs(aligned(frame, points).astype(int) - expected).max() <= 1


PRESENT = (("ann",), ("ann", "bob"), ("bob",), ("ann",))
BOARD = Storyboard(
    id="talk",
    title="A talk",
    entities=tuple(Entity(id=name, kind="character", name=name) for name in ("ann", "bob")),
    segments=tuple(Segment(text="Talk.", seconds=2, present=who) for who in PRESENT),
)


def measured(counts: list[int], rows: np.ndarray):
    array = np.column_stack([counts, rows * (np.array(counts) == 1)[:, None]])
    return plugins.metric("arcface").measure(
        {NAME: Features(NAME, "1", array.astype(np.float32), np.arange(len(rows)) / 2)}, BOARD
    )


def test_pairs_of_faces_of_a_character_that_is_alone(weights_folder):
    rows = np.random.default_rng(0).normal(1, 1, (16, 5))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    counts = [1, 1, 0, 1, 1, 1, 1, 1, 1, 2, 1, 0, 1, 1, 1, 0]
    found = measured(counts, rows)
    ann, bob = (0, 1, 3, 12, 13, 14), (8, 10)
    each = [np.mean([rows[i] @ rows[j] for i in who for j in who if i < j]) for who in (ann, bob)]
    assert found.value == pytest.approx(np.mean(each), abs=1e-6)
    assert found.coverage == 8 / 12
    assert dict(found.series)[6.5] == pytest.approx(rows[13] @ rows[0], abs=1e-6)
    assert dict(found.series)[5.0] == pytest.approx(rows[10] @ rows[8], abs=1e-6)


def test_without_faces_it_is_not_applicable(weights_folder):
    found = measured([0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 2, 0], np.full((16, 4), 0.5))
    assert (found.value, found.coverage) == (None, 2 / 12)
    assert "found twice" in found.reason


@pytest.mark.parametrize(("name", "said"), [("yunet", "no face detector"), ("arcface-r50", "no ArcFace")])
def test_wrong_files_are_told(faces, tmp_path, monkeypatch, weights_folder, name, said):
    (weights_folder / "sha256sums.txt").unlink()
    other = {"yunet": "arcface-r50", "arcface-r50": "yunet"}[name]
    good = tmp_path / {"yunet": "yunet.onnx", "arcface-r50": "arcface.pth"}[other]
    hand_over(monkeypatch, good, other)
    hand_over(monkeypatch, pickled(tmp_path / "wrong", {"weight": torch.zeros(2)}), name)
    with pytest.raises(WeightsError, match=said):
        extract([Clip(picture((5, 6))[None], np.zeros(1))], [NAME])
