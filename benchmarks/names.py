"""Whether a name can be told from the tokens that hold it: from those of the text encoder, and from hints.

`python benchmarks/names.py`, half a minute. These tokens are the base's, and the same for all sequence layers. A
memory that is to know again whom a text names has to be given tokens that say which name they are. Printed is how often
a linear discriminant says so rightly, among all names of the vocabulary: fitted to the mentions in one half of 600
stories of 30 s of the split `dev`, tried on the other half, with 95 % intervals over stories. Texts alone, without
pictures, in which names have changed hands, so that each may be anybody's.
"""

from __future__ import annotations

import sys

import torch
from evalsuite.baselines.models.files import SHIPPED
from evalsuite.baselines.models.text import Vocabulary
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.weights import load_base
from evalsuite.baselines.training.drawn_texts import draw_texts
from evalsuite.baselines.training.recipe import Reading
from evalsuite.baselines.training.teaching import names
from evalsuite.baselines.training.texts import Texts
from torch import Tensor

from evalsuite.learning.schedule import Schedule
from evalsuite.stats import clustered_mean

_SEGMENTS, _BATCH, _BATCHES = 10, 20, 30
_RIDGE = 1e-3


@torch.no_grad()
def tokens_on_the_way(model: VideoTransformer, texts: Texts) -> dict[str, Tensor]:
    """The tokens of texts (stories, segments, tokens, width) at two places."""
    told = model.text.told(texts.words)
    return {"text encoder": told.tokens, "hints": told.hints}


def mentions(model: VideoTransformer, vocabulary: Vocabulary) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """What stands for each mention of a name at each place (mentions, width), its word, and its story."""
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


def main() -> None:
    seen, words, stories = mentions(*load_base(SHIPPED))
    fitted = stories < _BATCH * _BATCHES // 2
    sys.stdout.write(f"{len(words.unique())} names, {int((~fitted).sum())} mentions\n")
    for place, vectors in seen.items():
        right = told_rightly(vectors, words, fitted).double().tolist()
        found = clustered_mean(right, [str(story) for story in stories[~fitted].tolist()])
        sys.stdout.write(f"{place:24}{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]\n")


if __name__ == "__main__":
    main()
