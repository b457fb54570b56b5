"""Whether a name can be told from the tokens that hold it, at each place on the way to the first sequence layer.

`python benchmarks/names.py [GENERATOR ...]`, half a minute for each, and for the base, which has no such layer. A
memory that is to know again whom a text names has to be given tokens that say which name they are. Printed is how often
a linear discriminant says so rightly, among all names of the vocabulary: fitted to the mentions in one half of 600
stories of 30 s of the split `dev`, tried on the other half, with 95 % intervals over stories. Texts alone, without
pictures, in which names have changed hands, so that each may be anybody's.
"""

from __future__ import annotations

import sys

import torch
from evalsuite.baselines.models.files import SHIPPED
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.weights import load_base, load_layers
from evalsuite.baselines.training.drawn_texts import draw_texts
from evalsuite.baselines.training.recipe import Reading
from evalsuite.baselines.training.teaching import names
from evalsuite.baselines.training.texts import Texts
from evalsuite.baselines.training.trained import Trained
from torch import Tensor

from evalsuite import plugins
from evalsuite.learning.schedule import Schedule
from evalsuite.stats import clustered_mean

_SEGMENTS, _BATCH, _BATCHES = 10, 20, 30
_RIDGE = 1e-3


@torch.no_grad()
def tokens_on_the_way(model: VideoTransformer, texts: Texts) -> dict[str, Tensor]:
    """The tokens of texts (stories, segments, tokens, width) at two places."""
    given, _ = model.read(torch.full((len(texts.words),), 0.8), texts.words)
    return {"text encoder": model.text(texts.words)[0], "given to the layer": given}


def mentions(model: VideoTransformer) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """What stands for each mention of a name at each place (mentions, width), its word, and its story."""
    _, vocabulary = load_base(SHIPPED)
    stories = Reading(_SEGMENTS, Schedule(steps=1, batch=_BATCH, rate=1.0))
    seen: dict[str, list[Tensor]] = {}
    words, told_in = [], []
    for number in range(_BATCHES):
        texts = draw_texts(vocabulary, "dev", stories, torch.Generator().manual_seed(number))
        for place, tokens in tokens_on_the_way(model, texts).items():
            own, there = names(model.text, tokens, texts)
            seen.setdefault(place, []).append(own[there])
        words.append(texts.names()[there])
        told_in.append(there.nonzero()[:, 0] + number * _BATCH)
    return {place: torch.cat(parts).double() for place, parts in seen.items()}, torch.cat(words), torch.cat(told_in)


def told_rightly(seen: Tensor, words: Tensor, fitted: Tensor) -> Tensor:
    """Whether each mention that is not `fitted` is nearest to the mean of its own name, within names' covariance."""
    known, own = words[fitted].unique(return_inverse=True)
    means = torch.stack([seen[fitted][own == one].mean(0) for one in range(len(known))])
    left = seen[fitted] - means[own]
    covariance = left.mT @ left / len(left) + _RIDGE * torch.eye(seen.shape[1], dtype=seen.dtype)
    whitened = torch.linalg.inv(torch.linalg.cholesky(covariance)).mT
    return known[torch.cdist(seen[~fitted] @ whitened, means @ whitened).argmin(1)] == words[~fitted]


def main(generators: list[str]) -> None:
    for name in ("base", *generators):
        model = _model(name)
        seen, words, stories = mentions(model)
        fitted = stories < _BATCH * _BATCHES // 2
        sys.stdout.write(f"{name} ({len(words.unique())} names, {int((~fitted).sum())} mentions)\n")
        for place, vectors in seen.items():
            right = told_rightly(vectors, words, fitted).double().tolist()
            found = clustered_mean(right, [str(story) for story in stories[~fitted].tolist()])
            sys.stdout.write(f"  {place:24}{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]\n")
        sys.stdout.flush()


def _model(name: str) -> VideoTransformer:
    if name == "base":
        return load_base(SHIPPED)[0]
    baseline = plugins.baseline(name)
    assert isinstance(baseline, Trained)
    return load_layers(baseline.file, SHIPPED, baseline.make_layer)[0]


if __name__ == "__main__":
    main(sys.argv[1:])
