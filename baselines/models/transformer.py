"""The diffusion transformer: attention within a segment, and a gated sequence layer as the only path between segments.

*One-Minute Video Generation with Test-Time Training* (arXiv 2504.05298), figures 2 and 3. A video of n segments has
6 n + 1 latent frames; segment i sees the frames 6 i ... 6 i + 6, so that neighbours share one, whose two results are
averaged, unless a cut is known to lie between.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from .hints import EncodedText, HintingEncoder
from .layout import Layout, Places, TransformerShape
from .sequence import Rotation, SequenceLayer, rotate

_LEAST_NOISE = 0.1
_SEGMENTS_AT_ONCE = 8  # bounds the memory of attention and of the wide layers
_FRAMES_AT_ONCE = 128  # and this that of what latents become before they are tokens

MakeSequenceLayer = Callable[[int, int], SequenceLayer | None]
"""From a width and a number of heads; None leaves segments alone with themselves."""


class _Attention(nn.Module):
    """Attention within each window, with normalised queries and keys."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)
        self.scale = nn.Parameter(torch.full((heads, 1, 1), math.log(math.sqrt(width / heads))))
        self.leave = nn.Linear(width, width)

    def forward(self, windows: Iterable[Tensor], layout: Layout, rotation: Rotation) -> Tensor:
        """All windows of a line, some at a time, each (batch, windows, tokens, width), to the line."""
        seen = torch.cat([self._within(self.project(part), rotation) for part in windows], dim=1)
        result: Tensor = self.leave(layout.merge(seen))
        return result

    def _within(self, windows: Tensor, rotation: Rotation) -> Tensor:
        """(batch, windows, tokens, 3 width) to (batch, windows, tokens, width)."""
        queries, keys, values = windows.unflatten(-1, (3, self.heads, -1)).permute(3, 0, 1, 4, 2, 5)
        queries, keys = (rotate(functional.normalize(x, dim=-1), rotation) for x in (queries, keys))
        scores = (queries * self.scale.exp().to(queries.dtype)) @ keys.mT
        exact = torch.promote_types(scores.dtype, torch.float32)  # and quicker than in bfloat16
        answers: Tensor = scores.softmax(-1, dtype=exact).to(values.dtype) @ values
        return answers.transpose(2, 3).flatten(3)


class Gates(nn.Module):
    """x + tanh(gate) * layer(norm(x)), forwards, then backwards with the same layer; text and video have own gates."""

    def __init__(self, layer: SequenceLayer, width: int) -> None:
        super().__init__()
        self.layer = layer
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.text_gates = nn.Parameter(torch.full((2, width), 0.1))
        """Direction (forwards, backwards), channel."""
        self.video_gates = nn.Parameter(torch.zeros(2, width))
        """Pictures do not hear an untaught memory."""

    def forward(self, x: Tensor, places: Places, hints: Tensor) -> Tensor:
        """`hints` (batch, segments, text tokens, width) is what the layer is told of texts besides."""
        kinds = places.is_video.long()
        both = torch.stack([self.text_gates, self.video_gates], dim=1).tanh().to(x.dtype)
        for gates, listen in zip(both, (self._forwards, self._backwards), strict=True):
            told = places.layout.said(self.norm(x), hints)
            x = torch.addcmul(x, listen(told, places.line), gates[kinds])
        return x

    def _forwards(self, tokens: Tensor, rotation: Rotation) -> Tensor:
        heard: Tensor = self.layer(tokens, rotation)
        return heard

    def _backwards(self, tokens: Tensor, rotation: Rotation) -> Tensor:
        return self._forwards(tokens.flip(1), (rotation[0].flip(0), rotation[1].flip(0))).flip(1)


class _Block(nn.Module):
    """Sequence layer, and attention and wide layer, steered by the time of the diffusion (AdaLN, arXiv 2212.09748)."""

    def __init__(self, shape: TransformerShape, layer: SequenceLayer | None) -> None:
        super().__init__()
        width = shape.width
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.attention = _Attention(width, shape.heads)
        self.between = None if layer is None else Gates(layer, width)
        self.widen = nn.Linear(width, shape.widening * width)
        self.narrow = nn.Linear(shape.widening * width, width)
        self.time = nn.Sequential(nn.Linear(width, shape.time_rank, bias=False), nn.Linear(shape.time_rank, 6 * width))
        start_at_zero(self.time[1])

    def remember(self, x: Tensor, places: Places, hints: Tensor) -> Tensor:
        """With what the sequence layer says; before attention, so that pictures see of texts what is remembered too."""
        return x if self.between is None else self.between(x, places, hints)

    def see(self, x: Tensor, time: tuple[Tensor, Tensor], places: Places) -> Tensor:
        """With attention, and then the wide layer; `time` is embedded, and what it means to all blocks alike."""
        steer = self._steered(time)
        x = torch.addcmul(x, steer[2], self._attended(x, places, steer))
        parts = x.split(_SEGMENTS_AT_ONCE * places.layout.segment, dim=1)
        wide = [self._wide(modulate(self.norm(part), steer[3], steer[4])) for part in parts]
        return torch.addcmul(x, steer[5], torch.cat(wide, dim=1))

    def _attended(self, x: Tensor, places: Places, steer: tuple[Tensor, ...]) -> Tensor:
        shift, scale = steer[0].unsqueeze(1), steer[1].unsqueeze(1)
        windows = places.layout.windows(x, _SEGMENTS_AT_ONCE)
        normal = (modulate(self.norm(part), shift, scale) for part in windows)  # never of the whole line at once
        seen: Tensor = self.attention(normal, places.layout, places.window)
        return seen

    def _steered(self, time: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
        """Shift, scale and gate of attention, and then of the wide layer, each (batch, 1, width)."""
        together: Tensor = time[1] + self.time(time[0])
        return together.unsqueeze(1).chunk(6, dim=-1)

    def _wide(self, x: Tensor) -> Tensor:
        result: Tensor = self.narrow(functional.silu(self.widen(x)))
        return result


class VideoTransformer(nn.Module):
    """The velocity of noisy latents (arXiv 2209.03003), given time and text."""

    def __init__(self, shape: TransformerShape, vocabulary: int, make_layer: MakeSequenceLayer | None) -> None:
        super().__init__()
        self.shape = shape
        self.trained_segments = 1
        """Of the longest stretches that it was trained on."""
        self.layout = Layout(shape)
        width, numbers = shape.width, shape.latent_channels * shape.patch**2
        self.text = HintingEncoder(vocabulary, shape.text_tokens, width)
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
        start_at_zero(self.steer)
        start_at_zero(self.leave)

    def close_gates(self) -> None:
        """Shuts off the sequence layers: what they say is multiplied by tanh(0)."""
        for gates in self.gates():
            nn.init.zeros_(gates.text_gates)
            nn.init.zeros_(gates.video_gates)

    def gates(self) -> list[Gates]:
        """The sequence layers, and what is heard of them."""
        return [part for part in self.modules() if isinstance(part, Gates)]

    def attention(self) -> list[nn.Module]:
        """Of each block."""
        return [part for part in self.modules() if isinstance(part, _Attention)]

    def forward(self, latents: Tensor, time: Tensor, words: Tensor, still: Tensor | None = None) -> Tensor:
        """`latents` (batch, 6 n + 1, channels, height, width), `time` (batch,) 0 - 1, `words` (batch, n, words).

        Or one frame of each segment, (batch, n, channels, ...), all of which are number `still` (1,) of their segments.
        """
        return velocity(latents, time, self.clean(latents, time, words, still))

    def clean(
        self,
        latents: Tensor,
        time: Tensor,
        words: Tensor,
        still: Tensor | None = None,
        cuts: Tensor | None = None,
    ) -> Tensor:
        """The latents without their noise, as far as they can be told; `cuts` (n,), bool, as a `Layout` is told."""
        return self.clean_and_read(latents, time, words, still, cuts=cuts)[0]

    def clean_and_read(
        self,
        latents: Tensor,
        time: Tensor,
        words: Tensor,
        still: Tensor | None = None,
        remembered: Tensor | None = None,
        cuts: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """`clean`, and `read`.

        What is `remembered` (batch, n, text tokens, width) is told besides, as a memory that knew it would.
        """
        told, places, steer = self.text.told(words), self._places(words, still, cuts), self._steered(time)
        first, *others = cast(Sequence[_Block], self.blocks)
        x = first.remember(self._line(latents, told, places.layout), places, told.hints)
        read = places.layout.texts(x).clone()  # else it would hold the whole line, which may be long
        besides = told.expected if remembered is None else told.expected + remembered
        x = first.see(places.layout.said(x, besides), steer, places)  # behind the layer, which it would mislead
        for block in others:
            x = block.see(block.remember(x, places, told.hints), steer, places)
        return self._unfold(self.leave(self.norm(places.layout.video(x)))), read

    def read(self, latents: Tensor, words: Tensor, still: Tensor | None = None) -> Tensor:
        """The texts' tokens (batch, n, text tokens, width) after the first sequence layer, for next to no price.

        What is expected is not in them yet.
        """
        told, places, first = self.text.told(words), self._places(words, still), cast(_Block, self.blocks[0])
        line = self._line(latents, told, places.layout)
        return places.layout.texts(first.remember(line, places, told.hints))

    def _places(self, words: Tensor, still: Tensor | None, cuts: Tensor | None = None) -> Places:
        shape, segments, at = self.shape, words.shape[1], words.device
        if still is not None:
            return Places.of_stills(shape, segments, still.to(at))
        return Places.of(shape, segments, at, cuts)

    def _steered(self, time: Tensor) -> tuple[Tensor, Tensor]:
        """The embedded time, and what it means to all blocks alike."""
        embedded = self.time(waves(time).to(self.enter.weight.dtype))
        return embedded, self.steer(embedded)

    def _line(self, latents: Tensor, told: EncodedText, layout: Layout) -> Tensor:
        """The tokens of text and video as the blocks read them."""
        summaries = layout.told(told.summary).unsqueeze(2)
        parts = zip(latents.split(_FRAMES_AT_ONCE, dim=1), summaries.split(_FRAMES_AT_ONCE, dim=1), strict=True)
        return layout.line_up(told.tokens, torch.cat([self._entered(part) + said for part, said in parts], dim=1))

    def _entered(self, latents: Tensor) -> Tensor:
        tokens: Tensor = self.enter(self._fold(latents.to(self.enter.weight.dtype)))
        return tokens + self.place

    def _fold(self, latents: Tensor) -> Tensor:
        return functional.pixel_unshuffle(latents, self.shape.patch).flatten(3).mT

    def _unfold(self, tokens: Tensor) -> Tensor:
        grid = (self.shape.latent_height // self.shape.patch, self.shape.latent_width // self.shape.patch)
        return functional.pixel_shuffle(tokens.mT.unflatten(3, grid), self.shape.patch)


def velocity(latents: Tensor, time: Tensor, clean: Tensor) -> Tensor:
    """Noise less latents, given what the latents would be without noise; bounded where there is next to no noise.

    The network answers with clean latents, because their patches have fewer degrees of freedom than it is wide, and
    noise has more (arXiv 2511.13720).
    """
    return (latents - clean.to(latents.dtype)) / time.to(latents.dtype).clamp(min=_LEAST_NOISE).view(-1, 1, 1, 1, 1)


def start_at_zero(layer: nn.Module) -> None:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return x * (1 + scale) + shift


def waves(time: Tensor, channels: int = 64) -> Tensor:
    """Cosines and sines of `time` (batch,) at rising frequencies, (batch, channels)."""
    rates = torch.logspace(0, 3, channels // 2, device=time.device)
    angles = time.float().unsqueeze(-1) * rates
    return torch.cat([angles.cos(), angles.sin()], dim=-1)
