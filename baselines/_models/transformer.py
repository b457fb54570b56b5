"""The diffusion transformer: attention within a segment, and a gated sequence layer as the only path between segments.

*One-Minute Video Generation with Test-Time Training* (arXiv 2504.05298), figures 2 and 3. A video of n segments has
6 n + 1 latent frames; segment i sees the frames 6 i ... 6 i + 6, so that neighbours share one, whose two results are
averaged.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layout import FRAMES_PER_SEGMENT, Layout, Places, TransformerShape
from .sequence import Rotation, SequenceLayer, rotate
from .text import TextEncoder

_SEGMENTS_AT_ONCE = 8  # bounds the memory of attention and of the wide layers

MakeSequenceLayer = Callable[[int, int], SequenceLayer]
"""From a width and a number of heads."""


class _Attention(nn.Module):
    """Attention within each window, with normalised queries and keys."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)
        self.scale = nn.Parameter(torch.full((heads, 1, 1), math.log(math.sqrt(width / heads))))
        self.leave = nn.Linear(width, width)

    def forward(self, tokens: Tensor, layout: Layout, rotation: Rotation) -> Tensor:
        windows = layout.windows(tokens)
        parts = [self._within(self.project(part), rotation) for part in windows.split(_SEGMENTS_AT_ONCE, dim=1)]
        result: Tensor = self.leave(layout.merge(torch.cat(parts, dim=1)))
        return result

    def _within(self, windows: Tensor, rotation: Rotation) -> Tensor:
        """(batch, windows, tokens, 3 width) to (batch, windows, tokens, width)."""
        queries, keys, values = windows.unflatten(-1, (3, self.heads, -1)).permute(3, 0, 1, 4, 2, 5)
        queries, keys = (rotate(functional.normalize(x, dim=-1), rotation) for x in (queries, keys))
        scores = (queries * self.scale.exp().to(queries.dtype)) @ keys.mT
        answers: Tensor = scores.softmax(-1).to(values.dtype) @ values
        return answers.transpose(2, 3).flatten(3)


class _Gates(nn.Module):
    """x + tanh(gate) * layer(x), forwards and then backwards with the same layer; text and video have own gates."""

    def __init__(self, layer: SequenceLayer, width: int) -> None:
        super().__init__()
        self.layer = layer
        self.gates = nn.Parameter(torch.full((2, 2, width), 0.1))
        """Direction (forwards, backwards), kind (text, video), channel."""

    def forward(self, x: Tensor, rotation: Rotation, is_video: Tensor) -> Tensor:
        forwards, backwards = self.gates.tanh().to(x.dtype)[:, is_video.long()]
        x = x + forwards * self.layer(x, rotation)
        turned = (rotation[0].flip(0), rotation[1].flip(0))
        result: Tensor = x + backwards * self.layer(x.flip(1), turned).flip(1)
        return result


class _Block(nn.Module):
    """Attention, sequence layer and wide layer, each steered by the time of the diffusion (AdaLN, arXiv 2212.09748)."""

    def __init__(self, shape: TransformerShape, layer: SequenceLayer | None) -> None:
        super().__init__()
        width = shape.width
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.attention = _Attention(width, shape.heads)
        self.between = None if layer is None else _Gates(layer, width)
        self.widen = nn.Linear(width, shape.widening * width)
        self.narrow = nn.Linear(shape.widening * width, width)
        self.time = nn.Sequential(nn.Linear(width, shape.time_rank, bias=False), nn.Linear(shape.time_rank, 6 * width))
        _start_at_zero(self.time[1])

    def forward(self, x: Tensor, time: tuple[Tensor, Tensor], places: Places) -> Tensor:
        """`time` is the embedded time and what it means to all blocks alike."""
        steer = (time[1] + self.time(time[0])).unsqueeze(1).chunk(6, dim=-1)
        seen = self.attention(_modulate(self.norm(x), steer[0], steer[1]), places.layout, places.window)
        if self.between is not None:
            seen = self.between(seen, places.line, places.is_video)
        x = x + steer[2] * seen
        wide = [self._wide(part, steer) for part in x.split(_SEGMENTS_AT_ONCE * places.layout.segment, dim=1)]
        change: Tensor = steer[5] * torch.cat(wide, dim=1)
        return x + change

    def _wide(self, x: Tensor, steer: tuple[Tensor, ...]) -> Tensor:
        result: Tensor = self.narrow(functional.silu(self.widen(_modulate(self.norm(x), steer[3], steer[4]))))
        return result


class VideoTransformer(nn.Module):
    """The velocity of noisy latents (arXiv 2209.03003), given time and text."""

    def __init__(self, shape: TransformerShape, vocabulary: int, make_layer: MakeSequenceLayer | None) -> None:
        super().__init__()
        self.shape = shape
        self.layout = Layout(shape)
        width, numbers = shape.width, shape.latent_channels * shape.patch**2
        self.text = TextEncoder(vocabulary, shape.text_tokens, width)
        self.enter = nn.Linear(numbers, width)
        self.place = nn.Parameter(torch.randn(shape.patches, width) * 0.02)
        self.time = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.steer = nn.Linear(width, 6 * width)
        self.blocks = nn.ModuleList(
            _Block(shape, make_layer(width, shape.heads) if make_layer and number in shape.sequence_blocks else None)
            for number in range(shape.blocks)
        )
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, numbers)
        _start_at_zero(self.steer)
        _start_at_zero(self.leave)

    @property
    def state_sizes(self) -> list[int]:
        """How many numbers each sequence layer remembers."""
        return [part.state_size for part in self.modules() if isinstance(part, SequenceLayer)]

    def forward(self, latents: Tensor, time: Tensor, words: Tensor) -> Tensor:
        """`latents` (batch, 6 n + 1, channels, height, width), `time` (batch,) 0 - 1, `words` (batch, n, words)."""
        kind = self.enter.weight.dtype
        embedded = self.time(_waves(time).to(kind))
        steer = embedded, self.steer(embedded)
        text, summary = self.text(words)
        of_frame = torch.cat([summary[:, :1], summary.repeat_interleave(FRAMES_PER_SEGMENT, dim=1)], dim=1)
        video = self.enter(self._fold(latents).to(kind)) + self.place + of_frame.unsqueeze(2)
        x = self.layout.line_up(text, video)
        places = Places.of(self.shape, words.shape[1])
        for block in self.blocks:
            x = block(x, steer, places)
        learned = self._unfold(self.leave(self.norm(self.layout.video(x))))
        return _velocity(latents, time.to(latents.dtype), learned.to(latents.dtype))

    def _fold(self, latents: Tensor) -> Tensor:
        return functional.pixel_unshuffle(latents, self.shape.patch).flatten(3).mT

    def _unfold(self, tokens: Tensor) -> Tensor:
        grid = (self.shape.latent_height // self.shape.patch, self.shape.latent_width // self.shape.patch)
        return functional.pixel_shuffle(tokens.mT.unflatten(3, grid), self.shape.patch)


def _velocity(latents: Tensor, time: Tensor, learned: Tensor) -> Tensor:
    """The best guess for latents that are white noise, and what was learned beyond it, at the scale of its error.

    So the network need not pass the noise through (preconditioning, arXiv 2206.00364, section 5).
    """
    time = time.view(-1, 1, 1, 1, 1)
    spread = time.square() + (1 - time).square()
    return latents * (2 * time - 1) / spread + learned / spread.sqrt()


def _start_at_zero(layer: nn.Module) -> None:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


def _modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return x * (1 + scale) + shift


def _waves(time: Tensor, channels: int = 64) -> Tensor:
    """Cosines and sines of `time` (batch,) at rising frequencies, (batch, channels)."""
    rates = torch.logspace(0, 3, channels // 2, device=time.device)
    angles = time.float().unsqueeze(-1) * rates
    return torch.cat([angles.cos(), angles.sin()], dim=-1)
