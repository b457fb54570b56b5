"""What teaches a memory: who is named and introduced where, and a teacher who is told again."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from evalsuite.baselines.models.layout import TransformerShape
from evalsuite.baselines.models.text import TextEncoder, Vocabulary
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.ttt_linear import ttt_linear
from evalsuite.baselines.training import recall
from evalsuite.baselines.training.lessons import Stretches
from evalsuite.baselines.training.recall import Recall, draw_stories, recall_loss, train_recall
from evalsuite.baselines.training.recipe import Stage
from evalsuite.baselines.training.teaching import Teacher, introductions, look_directions, names
from evalsuite.baselines.training.texts import LOOKS, Texts, of_characters

from evalsuite.learning.schedule import Schedule

STORY = [
    "Mimi, a red fox with a hat, waves. Otto, a blue bear, sits.",
    "Otto sees Mimi's ball.",
    "Nobody is here.",
]
VOCABULARY = Vocabulary(sorted({*" ".join(STORY).lower().replace(",", "").split(), *LOOKS, "'s", "lola"}))
SHAPE = TransformerShape(latent_channels=2, latent_height=4, latent_width=4, text_tokens=8, width=16, heads=2, blocks=2)


def said(numbers, marked, whose):
    """The words that are marked as someone's."""
    return [VOCABULARY.words[number - 65] for number, owner in zip(numbers, marked, strict=True) if owner == whose]


def test_words_of_names_and_introductions_are_known_by_whose_they_are():
    texts = Texts.of([STORY], VOCABULARY)
    named = [[said(*rows, whose) for whose in (1, 2)] for rows in zip(texts.words[0], texts.named[0], strict=True)]
    assert named == [[["mimi"], ["otto"]], [["mimi"], ["otto"]], [[], []]]
    rows = zip(texts.reminded[0], texts.introduced[0], strict=True)
    introduced = [[said(*row, whose) for whose in (1, 2)] for row in rows]
    mimi, otto = ["mimi", "a", "red", "fox", "with", "a", "hat"], ["otto", "a", "blue", "bear"]
    assert introduced == [[mimi, otto], [[], otto], [[], []]]


def test_looks_are_those_of_the_introduction():
    looks = Texts.of([STORY], VOCABULARY).looks(VOCABULARY)
    words = [[{LOOKS[place] for place in one.nonzero().flatten()} for one in segment] for segment in looks[0]]
    mimi, otto = {"red", "fox", "hat"}, {"blue", "bear"}
    assert words == [[mimi, otto, set()], [set(), otto, set()], [set(), set(), set()]]


def test_a_new_name_is_new_in_both_tellings_and_silence_is_complete():
    texts = Texts.of([STORY, STORY], VOCABULARY)
    table = torch.arange(len(VOCABULARY))
    mimi, lola = VOCABULARY.numbers("mimi lola")
    table[mimi], table[lola] = lola, mimi
    renamed = texts.renamed(table)
    for before, after in ((texts.words, renamed.words), (texts.reminded, renamed.reminded)):
        assert torch.equal(before == mimi, after == lola)
    told = renamed.told(torch.tensor([True, False]).view(2, 1, 1))
    assert all(torch.equal(part[0], own[0]) and not part[1].any() for part, own in zip(told, renamed, strict=True))


def test_a_character_is_the_normalised_mean_of_its_tokens():
    encoder = TextEncoder(len(VOCABULARY), tokens=8, width=16)
    texts, tokens = Texts.of([STORY], VOCABULARY), torch.randn(1, 3, 8, 16)
    found, there = names(encoder, tokens, texts)
    assert there.tolist() == [[[True, True, False], [True, True, False], [False, False, False]]]
    count = (texts.words[0, 0] > 0).sum().item()
    (place,) = (texts.named[0, 0] == 2).nonzero().flatten().tolist()
    own = tokens[0, 0, place * 8 // count]
    assert torch.allclose(found[0, 0, 1], (own - own.mean()) / (own.var(correction=0) + 1e-5).sqrt(), atol=1e-5)
    spans = introductions(encoder, tokens, texts)[0]
    assert not torch.allclose(spans[0, 0, 1], found[0, 0, 1])


def test_tokens_are_counted_once_however_many_words_they_hold():
    tokens = torch.tensor([[[[1.0, 5.0], [2.0, 0.0], [7.0, 7.0]]]])
    spread = torch.tensor([[[[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]]])
    found, there = of_characters(tokens, spread, torch.tensor([[[3, 3, 3]]]))
    mean = np.array([1.5, 2.5])
    expected = (mean - mean.mean()) / np.sqrt(mean.var() + 1e-5)
    assert np.allclose(found[0, 0, 2].numpy(), expected, atol=1e-5)
    assert there.tolist() == [[[False, False, True]]]


def test_directions_are_those_in_which_words_are_told():
    luck = torch.Generator().manual_seed(0)
    said = (torch.rand(4000, 22, generator=luck) < 0.3).float()
    hidden, noise = torch.linalg.qr(torch.randn(40, 40, generator=luck))[0].split([22, 18], dim=1)
    seen = said @ hidden.mT + torch.randn(4000, 18, generator=luck) @ noise.mT
    found, variance = look_directions(seen, said)
    assert torch.allclose(found.mT @ found, torch.eye(19), atol=1e-4)
    assert (hidden.mT @ found).square().sum() == pytest.approx(19, abs=0.7)  # by chance: 10
    assert variance.item() == pytest.approx(np.var((seen @ found).numpy(), axis=0).sum(), rel=1e-4)


def transformer(layer):
    torch.manual_seed(0)
    model = VideoTransformer(SHAPE, len(VOCABULARY), layer)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model.requires_grad_(False)


def lesson(texts):
    latents, noise = torch.randn(2, 1, 3, 2, 4, 4)
    return Stretches(latents, torch.zeros(1), texts, torch.tensor([2])), noise, torch.full((1,), 0.7)


def test_who_reads_what_the_teacher_reads_has_nothing_to_learn():
    base = transformer(None)
    texts = Texts.of([STORY], VOCABULARY)
    teacher = Teacher(base, torch.eye(16), torch.tensor(4.0))
    told = texts._replace(words=texts.reminded, named=texts.introduced)
    assert teacher.loss(base, *lesson(told), taught=True).item() == pytest.approx(0, abs=1e-9)
    assert teacher.loss(base, *lesson(texts), taught=True).item() > 1e-3
    assert teacher.loss(base, *lesson(told), taught=False).item() > 0.1


def test_the_share_that_is_missed_is_of_names_that_are_introduced_there():
    base = transformer(None)
    texts = Texts.of([STORY], VOCABULARY)
    read, told = torch.randn(2, 1, 3, 8, 16)
    directions = torch.linalg.qr(torch.randn(16, 3))[0]
    own, right = names(base.text, read, texts)[0][0], introductions(base.text, told, texts)[0][0]
    pairs = [(0, 0), (0, 1), (1, 1)]  # segment and character; "Mimi's" is no mention of her
    wrong = [((own[pair] - right[pair]) @ directions).square().sum() / 5 for pair in pairs]
    found = Teacher(base, directions, torch.tensor(5.0)).missed(read, told, texts)
    assert found.item() == pytest.approx((sum(wrong) / 3).item(), rel=1e-5)


def test_stories_are_the_worlds_own_and_never_the_same():
    luck, stage = torch.Generator().manual_seed(0), Stage(4, Schedule(1, 3, 1.0))
    one, other = (draw_stories(VOCABULARY, "train", stage, luck) for _ in range(2))
    assert one.words.shape == (3, 4, 112)
    assert (one.introduced > 0).any()
    assert not torch.equal(one.words, other.words)


def test_recall_of_a_model_that_says_nothing_costs_the_entropy_of_a_guess():
    base = transformer(None)
    texts = Texts.of([STORY], VOCABULARY)
    loss = recall_loss(Recall(base), base, VOCABULARY, texts, torch.full((1,), 0.5)).item()
    unsaid, told = np.log1p(np.exp(-2.0)), np.log1p(np.exp(2.0))
    looks = np.array([3, 2, 2])  # words told of Mimi, of Otto, and of Otto again
    assert loss == pytest.approx(np.mean(looks * told + (22 - looks) * unsaid), rel=1e-4)


def test_a_memory_learns_whose_looks_a_name_recalls_and_without_one_nobody_can(tmp_path, monkeypatch):
    """One name and two stories: the second segment says the same in both, so that only the first tells who it is."""
    stories = [["Mimi, a red fox with a hat, waves.", "Mimi sits."], ["Mimi, a blue bear, waves.", "Mimi sits."]]
    known = Vocabulary(sorted({*" ".join(map(" ".join, stories)).lower().replace(",", "").split(), *LOOKS}))
    monkeypatch.setattr(recall, "draw_stories", lambda *_: Texts.of(stories, known))
    torch.manual_seed(0)
    shape = replace(SHAPE, width=32)
    base, model = (VideoTransformer(shape, len(known), layer) for layer in (None, ttt_linear))
    model.load_state_dict(base.state_dict(), strict=False)
    stage, last = Stage(2, Schedule(100, 2, 5e-3, averaging=0.9)), {}
    for name, one in (("with", model), ("without", deepcopy(base))):
        train_recall(one, base, known, stage, tmp_path / f"{name}.pt", seed=0)
        last[name] = float((tmp_path / f"{name}.csv").read_text().splitlines()[-1].split(",")[1])
    assert last["with"] < 0.1
    guessed = 5 * np.log(2)  # of the five words that one story has of her and the other has not
    assert last["without"] == pytest.approx(guessed / 2, rel=0.1)  # half of the names are introduced where they stand
