"""The transformer of W.A.L.T: attention in windows, in turn over one latent frame and over all frames of a tile.

*Photorealistic Video Generation with Diffusion Models* (arXiv 2312.06662). A chunk is 17 frames, 5
latent frames; what it is to follow (text, frames before it, a smaller version of itself) is told by `Given`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from evalsuite.learning.convolution import Convolution

from .autoencoder import AutoencoderShape
from .text import TextEncoder
from .transformer import modulate, start_at_zero, waves
from .walt_windows import Window

LATENT_FRAMES = 5
_WAVES = 64


@dataclass(frozen=True, slots=True)
class WaltShape:
    """The sizes of one transformer of the cascade."""

    latent_channels: int = field(default_factory=lambda: AutoencoderShape().latent_channels)
    latent_height: int = 4
    latent_width: int = 6
    patch: int = 1
    tile_height: int = 4
    tile_width: int = 3
    """The window over all frames, in patches; the other window is one whole frame."""
    text_tokens: int = 32
    width: int = 192
    heads: int = 3
    blocks: int = 8
    widening: int = 3
    rank: int = 16
    """Of what each block adds to the first one's steering."""
    enlarges: bool = False
    """Whether it is given the same chunk at half the size."""

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.latent_height // self.patch, self.latent_width // self.patch

    @property
    def tokens(self) -> int:
        """Of a chunk, without its text."""
        return LATENT_FRAMES * self.grid[0] * self.grid[1]

    @property
    def latents(self) -> tuple[int, int, int, int]:
        """A chunk: (frames, channels, height, width)."""
        return LATENT_FRAMES, self.latent_channels, self.latent_height, self.latent_width


@dataclass(frozen=True, slots=True)
class Given:
    """What a chunk is made from."""

    words: Tensor
    """Numbers of words, (batch, words)."""
    known: Tensor
    """Latents of frames that are known, zeros for the rest, (batch, 5, channels, height, width)."""
    mask: Tensor
    """Which frames are known, (batch, 5, 1, 1, 1), bool."""
    small: Tensor | None = None
    """The chunk's latents at half the size, noisy, (batch, 5, channels, height / 2, width / 2)."""
    level: Tensor | None = None
    """How noisy those are, (batch,), 0 - 1."""

    def fill(self, latents: Tensor) -> Tensor:
        """`latents`, but where frames are known these."""
        return torch.where(self.mask, self.known, latents)

    def beside(self, words: Tensor) -> Given:
        """A batch twice as large: itself, and the same with other `words`."""
        small, level = (None if part is None else torch.cat([part, part]) for part in (self.small, self.level))
        known, mask = self.known.repeat(2, 1, 1, 1, 1), self.mask.repeat(2, 1, 1, 1, 1)
        return replace(self, words=torch.cat([self.words, words]), known=known, mask=mask, small=small, level=level)


def know(frames: Tensor) -> tuple[Tensor, Tensor]:
    """`known` and `mask` for the first few latent frames of a chunk, (batch, 0 - 5, channels, height, width)."""
    missing = LATENT_FRAMES - frames.shape[1]
    mask = (torch.arange(LATENT_FRAMES) < frames.shape[1]).view(1, -1, 1, 1, 1)
    return functional.pad(frames, (0, 0, 0, 0, 0, 0, 0, missing)), mask.expand(len(frames), -1, -1, -1, -1)


class _Attention(nn.Module):
    """Attention within each window, with normalised queries and keys, and a bias for how far two tokens are apart."""

    offsets: Tensor

    def __init__(self, width: int, heads: int, window: Window) -> None:
        super().__init__()
        self.window = window
        self.project = nn.Linear(width, 3 * width)
        self.scale = _scale(width, heads)
        self.bias = nn.Parameter(torch.zeros(heads, window.differences))
        self.leave = nn.Linear(width, width)
        self.register_buffer("offsets", window.offsets(), persistent=False)

    def forward(self, grid: Tensor) -> Tensor:
        queries, keys, values = self.project(self.window.partition(grid)).chunk(3, dim=-1)
        answers = _attend(queries, keys, values, self.scale, self.bias[:, self.offsets])
        result: Tensor = self.leave(self.window.merge(answers, *grid.shape[2:4]))
        return result


class _TextAttention(nn.Module):
    """From each token of a latent frame to that frame's tokens and the text's (keys and values are [query, text])."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ask = nn.Linear(width, width)
        self.remember = nn.Linear(width, 2 * width)
        self.scale = _scale(width, heads)
        self.leave = nn.Linear(width, width)
        start_at_zero(self.leave)

    def forward(self, grid: Tensor, text: Tensor) -> Tensor:
        frames = grid.flatten(2, 3)
        told = self.remember(text).unsqueeze(1).expand(-1, frames.shape[1], -1, -1)
        keys, values = torch.cat([self.remember(frames), told], dim=2).chunk(2, dim=-1)
        result: Tensor = self.leave(_attend(self.ask(frames), keys, values, self.scale))
        return result.view_as(grid)


class _Block(nn.Module):
    """Attention in windows, attention to the text where there is `text`, and a wide layer."""

    def __init__(self, shape: WaltShape, window: Window, reads: bool) -> None:
        super().__init__()
        width = shape.width
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.attention = _Attention(width, shape.heads, window)
        self.read = _TextAttention(width, shape.heads) if reads else None
        self.widen = nn.Linear(width, shape.widening * width)
        self.narrow = nn.Linear(shape.widening * width, width)

    def forward(self, grid: Tensor, text: Tensor, steer: Tensor) -> Tensor:
        """`grid` (batch, frames, rows, columns, width), `steer` (batch, 6 width)."""
        parts = steer.view(len(steer), 1, 1, 1, -1).chunk(6, dim=-1)
        grid = grid + parts[2] * self.attention(modulate(self.norm(grid), parts[0], parts[1]))
        if self.read is not None:
            grid = grid + self.read(self.norm(grid), text)
        wide = functional.silu(self.widen(modulate(self.norm(grid), parts[3], parts[4])))
        change: Tensor = parts[5] * self.narrow(wide)
        return grid + change


class Steering(nn.Module):
    """AdaLN-LoRA: A_1 = MLP(c) for the first block, A_i = A_1 + W_b W_a c for each other."""

    def __init__(self, width: int, blocks: int, rank: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 6 * width))
        self.down = nn.ModuleList(nn.Linear(width, rank, bias=False) for _ in range(blocks - 1))
        self.up = nn.ModuleList(nn.Linear(rank, 6 * width, bias=False) for _ in range(blocks - 1))
        start_at_zero(self.first[2])
        start_at_zero(self.up)

    def forward(self, told: Tensor) -> list[Tensor]:
        """From c (batch, width), shifts, scales and gates of each block, (batch, 6 width)."""
        first = self.first(told)
        return [first, *(first + up(down(told)) for down, up in zip(self.down, self.up, strict=True))]


class WaltTransformer(nn.Module):
    """The velocity sqrt(signal) noise - sqrt(1 - signal) latents of a noisy chunk."""

    def __init__(self, shape: WaltShape, vocabulary: int) -> None:
        super().__init__()
        self.shape = shape
        width, channels = shape.width, shape.latent_channels
        self.text = TextEncoder(vocabulary, shape.text_tokens, width)
        self.enlarge = Convolution(channels, 4 * channels) if shape.enlarges else None
        self.enter = nn.Linear(((4 if shape.enlarges else 3) * channels + 1) * shape.patch**2, width)
        self.place = nn.Parameter(torch.randn(*shape.grid, width) * 0.02)
        self.moment = nn.Parameter(torch.randn(LATENT_FRAMES, 1, 1, width) * 0.02)
        heard = 2 * _WAVES if shape.enlarges else _WAVES
        self.time = nn.Sequential(nn.Linear(heard, width), nn.SiLU(), nn.Linear(width, width))
        self.steering = Steering(width, shape.blocks, shape.rank)
        self.blocks = nn.ModuleList(_Block(shape, *_kind(shape, number)) for number in range(shape.blocks))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, channels * shape.patch**2)
        start_at_zero(self.leave)

    def forward(self, noisy: Tensor, time: Tensor, estimate: Tensor, given: Given) -> Tensor:
        """`noisy` and `estimate` (what it took the chunk for before, or zeros) are (batch, 5, channels, height, width).

        `time` is (batch,), 0 - 1. The result is as exact as `noisy`, whatever the kind of the weights.
        """
        kind = self.enter.weight.dtype
        text, summary = self.text(given.words)
        grid = self.enter(self._fold(self._see(noisy, estimate, given).to(kind))) + self.place + self.moment
        steers = self.steering(self._tell(time, given).to(kind) + summary)
        for block, steer in zip(self.blocks, steers, strict=True):
            grid = block(grid, text, steer)
        return self._unfold(self.leave(self.norm(grid))).to(noisy.dtype)

    def _see(self, noisy: Tensor, estimate: Tensor, given: Given) -> Tensor:
        """All latents as channels of one picture for each frame."""
        mask = given.mask.to(noisy.dtype).expand(-1, -1, -1, *noisy.shape[3:])
        seen = [noisy, estimate, given.known, mask]
        if self.enlarge is not None and given.small is not None:
            wide = self.enlarge(given.small.flatten(0, 1).to(self.enlarge.weight.dtype))
            seen.append(functional.pixel_shuffle(wide, 2).unflatten(0, noisy.shape[:2]).to(noisy.dtype))
        return torch.cat(seen, dim=2)

    def _tell(self, time: Tensor, given: Given) -> Tensor:
        heard = [waves(part) for part in (time, given.level) if part is not None]
        told: Tensor = self.time(torch.cat(heard, dim=-1).to(self.enter.weight.dtype))
        return told

    def _fold(self, pictures: Tensor) -> Tensor:
        return functional.pixel_unshuffle(pictures, self.shape.patch).movedim(2, -1)

    def _unfold(self, grid: Tensor) -> Tensor:
        return functional.pixel_shuffle(grid.movedim(-1, 2), self.shape.patch)


def _kind(shape: WaltShape, number: int) -> tuple[Window, bool]:
    """Even blocks see one whole frame and the text, odd ones a tile of all frames."""
    if number % 2 == 0:
        return Window(1, *shape.grid), True
    return Window(LATENT_FRAMES, shape.tile_height, shape.tile_width), False


def _scale(width: int, heads: int) -> nn.Parameter:
    return nn.Parameter(torch.full((heads, 1, 1), math.log(math.sqrt(width / heads))))


def _attend(queries: Tensor, keys: Tensor, values: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
    """(batch, windows, tokens, width) each; `scale` is (heads, 1, 1), `bias` (heads, queries, keys)."""
    queries, keys, values = (x.unflatten(-1, (len(scale), -1)).transpose(2, 3) for x in (queries, keys, values))
    queries = functional.normalize(queries, dim=-1) * scale.exp().to(queries.dtype)
    scores = queries @ functional.normalize(keys, dim=-1).mT
    if bias is not None:
        scores = scores + bias.to(scores.dtype)
    answers: Tensor = scores.softmax(-1).to(values.dtype) @ values
    return answers.transpose(2, 3).flatten(3)
