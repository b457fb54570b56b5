"""W.A.L.T's diffusion: the velocity of a schedule that ends in pure noise, and DDIM back from there.

A noisy chunk is x = SIGNAL latents + NOISE noise with SIGNAL^2 + NOISE^2 = 1; its velocity is v = SIGNAL noise - NOISE
latents (arXiv 2202.00512, appendix D).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import torch
from torch import Tensor

from .walt_transformer import Given, WaltTransformer

TIMES = 1000


def _signal() -> Tensor:
    """The share of the latents at each time: linear betas, rescaled so that the last is 0 (arXiv 2305.08891, alg. 1).

    One more is appended for what has no noise, so that time -1 stands for it.
    """
    signal = (1 - torch.linspace(1e-4, 0.02, TIMES, dtype=torch.double)).cumprod(0).sqrt()
    signal = (signal - signal[-1]) * signal[0] / (signal[0] - signal[-1])
    return torch.cat([signal, torch.ones(1, dtype=torch.double)])


SIGNAL = _signal()
NOISE = (1 - SIGNAL.square()).sqrt()


@dataclass(frozen=True, slots=True)
class WaltSampling:
    """How a chunk is sampled; tuned on the suite `dev` alone."""

    steps: int = 20
    guidance: float = 2.0
    """How far to go from the unwanted towards the wanted text (arXiv 2207.12598); 1 leaves the unwanted text out."""
    level: int = 50
    """The time at which the smaller chunk that is enlarged is noisy."""


def mix(latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """The noisy chunk at `times` (batch,), whole numbers from -1 (no noise) to 999 (nothing else)."""
    return _at(SIGNAL, times, latents) * latents + _at(NOISE, times, latents) * noise


def velocity_of(latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    return _at(SIGNAL, times, latents) * noise - _at(NOISE, times, latents) * latents


def latents_in(noisy: Tensor, velocity: Tensor, times: Tensor) -> Tensor:
    return _at(SIGNAL, times, noisy) * noisy - _at(NOISE, times, noisy) * velocity


def noise_in(noisy: Tensor, velocity: Tensor, times: Tensor) -> Tensor:
    return _at(NOISE, times, noisy) * noisy + _at(SIGNAL, times, noisy) * velocity


def sample(model: WaltTransformer, given: Given, unwanted: Tensor, noise: Tensor, sampling: WaltSampling) -> Tensor:
    """Latents like `noise`, by DDIM (arXiv 2010.02502, equation 12 without noise); known frames come out unchanged.

    On the way these are as noisy as in training, by the drawn noise: the model's own answer there is untrained.
    Each of the wanted and the unwanted text is told what it took the chunk for one step before (self-conditioning).
    """
    both = given.beside(unwanted)
    latents, estimates = noise, torch.zeros_like(noise).repeat(2, 1, 1, 1, 1)
    for now, following in pairwise(steps(sampling.steps)):
        times = torch.full((len(estimates),), now)
        pair = latents.repeat(2, 1, 1, 1, 1)
        velocities = model(pair, times / TIMES, estimates, both)
        estimates = both.fill(latents_in(pair, velocities, times))
        towards, away = velocities.chunk(2)
        velocity = away + sampling.guidance * (towards - away)
        times = times[: len(latents)]
        clean = given.fill(latents_in(latents, velocity, times))
        noisy = torch.where(given.mask, noise, noise_in(latents, velocity, times))
        latents = mix(clean, noisy, torch.full_like(times, following))
    return latents


def steps(count: int) -> list[int]:
    """Times from 999 down, evenly, and then -1 (arXiv 2305.08891, section 3.3: the first must be the noisiest)."""
    return [round(TIMES * (count - number) / count) - 1 for number in range(count + 1)]


@cache
def _on(table: Tensor, device: torch.device) -> Tensor:
    return table.to(device)


def _at(table: Tensor, times: Tensor, like: Tensor) -> Tensor:
    """The table's values at `times`, ready to multiply chunks."""
    return _on(table, times.device)[times].to(like.dtype).view(-1, 1, 1, 1, 1)
