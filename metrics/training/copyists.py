"""Two autoencoders that no generator uses: what comes out of them is what evaluators may be trained on besides.

Generated videos come out of some autoencoder; whoever has seen only clean frames takes its faults for something else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from evalsuite.interfaces import Training
from evalsuite.learning.convolution import Convolution
from evalsuite.learning.device import moved
from evalsuite.learning.loop import fit
from evalsuite.learning.schedule import Schedule

from .films import FIRST, Films, Frames, films

_BLOCK = (4, 8, 8)
"""Frames, rows and columns that the linear one packs together."""
_FEW = 400
_SAMPLES = 20_000
_KEPT = (40, 160)
"""The fewest and the most numbers that it keeps of a block, of 768."""
_WIDTH, _CHANNELS = 64, 24


class Linear:
    """Blocks of pixels in their principal components: the best linear autoencoder there is."""

    def __init__(self, basis: Tensor, middle: Tensor) -> None:
        self.basis, self.middle = basis, middle

    @classmethod
    def fitted(cls, seen: Films, seed: int) -> Linear:
        """To blocks of the first episodes."""
        blocks = torch.cat([_blocks(seen.frames(number, slice(0, 48))) for number in range(min(60, len(seen)))])
        chosen = blocks[torch.randperm(len(blocks), generator=torch.Generator().manual_seed(seed))[:_SAMPLES]]
        middle = chosen.mean(0)
        basis = torch.linalg.svd(chosen - middle, full_matrices=False).Vh[: _KEPT[1]]
        return cls(basis, middle)

    def copy(self, frames: Frames, luck: np.random.Generator) -> Frames:
        """The frames after packing and unpacking, with as many components as chance says."""
        basis = self.basis[: int(luck.integers(*_KEPT, endpoint=True))]
        blocks = (_blocks(frames) - self.middle) @ basis.T @ basis + self.middle
        return _frames(blocks, frames.shape)


class Convolutional(nn.Module):
    """Single frames, (frames, 3, height, width) in -1 - 1, through an eighth of their sides and a few channels."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = Convolution(48, _WIDTH)
        self.pack = Convolution(4 * _WIDTH, _CHANNELS)
        self.unpack = Convolution(_CHANNELS, 4 * _WIDTH)
        self.leave = Convolution(_WIDTH, 48)

    def forward(self, frames: Tensor) -> Tensor:
        inner = functional.silu(self.enter(functional.pixel_unshuffle(frames, 4)))
        packed = self.pack(functional.pixel_unshuffle(inner, 2))
        inner = functional.pixel_shuffle(functional.silu(self.unpack(packed)), 2)
        unpacked: Tensor = functional.pixel_shuffle(self.leave(functional.silu(inner)), 4)
        return unpacked

    def copy(self, frames: Frames) -> Frames:
        """The frames after packing and unpacking."""
        with torch.no_grad():
            made = self(torch.from_numpy(frames).movedim(-1, 1).float() / 127.5 - 1)
        return np.asarray(((made + 1) * 127.5).round().clamp(0, 255).byte().movedim(1, -1).numpy())


_SCHEDULE = Schedule(steps=1500, batch=32, rate=2e-3, warm_up=50)
_SMOKE = Schedule(steps=2, batch=2, rate=1e-3, warm_up=1)


def trained(seen: Films, schedule: Schedule, checkpoint: Path, seed: int) -> Convolutional:
    """The convolutional one, on frames of these films."""

    def loss(luck: torch.Generator) -> Tensor:
        chosen = torch.randint(len(seen), (schedule.batch,), generator=luck)
        moments = torch.randint(100, (schedule.batch,), generator=luck)
        frames = np.concatenate(
            [seen.frames(int(one), slice(int(at), int(at) + 1)) for one, at in zip(chosen, moments, strict=True)]
        )
        wanted = moved(torch.from_numpy(frames).movedim(-1, 1).float() / 127.5 - 1)
        return functional.l1_loss(model(wanted), wanted)

    torch.manual_seed(seed)
    model = Convolutional()
    found = fit(model, schedule, loss, checkpoint, seed).cpu().eval()
    assert isinstance(found, Convolutional)
    return found


class Copyists:
    """Copies a quarter of the episodes with the one and a quarter with the other; the rest stay as they are."""

    def __init__(self, linear: Linear, convolutional: Convolutional) -> None:
        self.linear, self.convolutional = linear, convolutional

    def __call__(self, number: int, frames: Frames) -> Frames:
        if number % 4 == 1:
            return self.linear.copy(frames, np.random.default_rng(number))
        return self.convolutional.copy(frames) if number % 4 == 3 else frames

    def stills(self, number: int, frames: Frames) -> Frames:
        """The same for frames that do not follow each other."""
        return self(number, np.repeat(frames, _BLOCK[0], axis=0))[:: _BLOCK[0]]


def copyists(training: Training) -> Copyists:
    """Both, fitted to a few films that nothing else is trained on; made once."""
    folder = training.place("copyists")
    schedule = _SMOKE if training.smoke else _SCHEDULE
    few = films(folder, "train", FIRST - _FEW, 4 if training.smoke else _FEW)
    return Copyists(Linear.fitted(few, training.seed), trained(few, schedule, folder / "copyist.pt", training.seed))


def _blocks(frames: Frames) -> Tensor:
    """(blocks, pixels) of frames (time, height, width, 3), in 0 - 1."""
    time, rows, columns = _BLOCK
    split = torch.from_numpy(frames).unflatten(2, (-1, columns)).unflatten(1, (-1, rows)).unflatten(0, (-1, time))
    blocks: Tensor = split.permute(0, 2, 4, 1, 3, 5, 6).flatten(3).flatten(0, 2)
    return blocks.float() / 255


def _frames(blocks: Tensor, shape: tuple[int, ...]) -> Frames:
    time, rows, columns = _BLOCK
    counts = (shape[0] // time, shape[1] // rows, shape[2] // columns)
    split = blocks.unflatten(1, (time, rows, columns, 3)).unflatten(0, counts).permute(0, 3, 1, 4, 2, 5, 6)
    return np.asarray((split.reshape(shape) * 255).round().clamp(0, 255).byte().numpy())
