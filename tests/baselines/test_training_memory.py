"""What teaches a memory: who is named and introduced where, and a teacher who is told again."""

from __future__ import annotations

import random
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from evalsuite.baselines.models.layout import TransformerShape
from evalsuite.baselines.models.text import TextEncoder, Vocabulary
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.ttt_linear import ttt_linear
from evalsuite.baselines.training import naming, recall, reminding
from evalsuite.baselines.training.casts import draw_cast
from evalsuite.baselines.training.drawn_texts import draw_texts
from evalsuite.baselines.training.heeding import draw_strengths, heeding_loss, train_heeding
from evalsuite.baselines.training.latents import Told
from evalsuite.baselines.training.lessons import Lessons, Stretches
from evalsuite.baselines.training.naming import confusion, train_naming
from evalsuite.baselines.training.recall import train_recall
from evalsuite.baselines.training.recipe import RECIPE, Reading, Stage
from evalsuite.baselines.training.teaching import MISSED, Teacher, looks_told, names
from evalsuite.baselines.training.texts import LOOKS, Texts

from evalsuite.learning.schedule import Schedule

STORY = [
    "Mimi, a red fox with a hat, waves. Otto, a blue bear, sits.",
    "Otto sees Mimi's ball.",
    "Nobody is here.",
]
VOCABULARY = Vocabulary(sorted({*" ".join(STORY).lower().replace(",", "").split(), *LOOKS, "'s", "lola"}))
SHAPE = TransformerShape(
    latent_channels=2,
    latent_height=4,
    latent_width=4,
    text_tokens=16,
    width=16,
    heads=2,
    blocks=2,
)


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
    words = [[{LOOKS[place] for place in one.nonzero().flatten()} for one in segment[:3]] for segment in looks[0]]
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
    assert there[..., :2].tolist() == [[[True, True], [True, True], [False, False]]]
    assert not there[..., 2:].any()
    count = (texts.words[0, 0] > 0).sum().item()
    (place,) = (texts.named[0, 0] == 2).nonzero().flatten().tolist()
    own = tokens[0, 0, place * 8 // count]
    assert torch.allclose(found[0, 0, 1], (own - own.mean()) / (own.var(correction=0) + 1e-5).sqrt(), atol=1e-5)


def test_a_token_holds_a_name_once_however_many_of_its_words_are_the_name():
    words = torch.tensor([[[7, 7, 9]]])
    texts = Texts(words, torch.tensor([[[3, 3, 0]]]), words, words, words)
    spread = torch.tensor([[[[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]]])
    held = texts.holders(spread)
    assert held.shape == (1, 1, 3, 6)
    assert held.nonzero().tolist() == [[0, 0, 0, 2]]
    assert held.max() == 1


def transformer(layer):
    torch.manual_seed(0)
    model = VideoTransformer(SHAPE, len(VOCABULARY), layer)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    torch.nn.init.zeros_(model.text.hints.somebody)
    return model.requires_grad_(False)


def lesson(texts):
    latents, noise = torch.randn(2, 1, 3, 2, 4, 4)
    return Stretches(latents, torch.zeros(1), texts, torch.tensor([2])), noise, torch.full((1,), 0.7)


def test_who_reads_what_the_teacher_reads_answers_as_it_does():
    base = transformer(None)
    texts = Texts.of([STORY], VOCABULARY)
    teacher = Teacher(base, VOCABULARY)
    told = texts._replace(words=texts.reminded, named=torch.zeros_like(texts.named))
    assert teacher.loss(base, *lesson(told), taught=True).item() == pytest.approx(0, abs=1e-9)
    assert teacher.loss(base, *lesson(texts), taught=True).item() > MISSED + 1e-3
    assert teacher.loss(base, *lesson(told), taught=False).item() > 0.1


@pytest.mark.parametrize("taught", [True, False])
def test_pictures_are_taught_also_where_there_is_no_memory(taught):
    base, model = transformer(None), transformer(None).requires_grad_(True)
    Teacher(base, VOCABULARY).loss(model, *lesson(Texts.of([STORY], VOCABULARY)), taught).backward()
    assert all(part.project.weight.grad.any() for part in model.attention())


def test_a_perfect_memory_adds_to_a_name_the_tokens_of_the_words_of_its_look():
    base, texts = transformer(None), Texts.of([STORY], VOCABULARY)
    added = Teacher(base, VOCABULARY).remembered(texts)
    told = base.text(texts.reminded)[0] - base.text.place
    (otto,) = (texts.named[0, 1] == 2).nonzero().flatten().tolist()
    again = texts.reminded[0, 1].tolist()
    places = [again.index(*VOCABULARY.numbers(word)) for word in ("blue", "bear")]
    assert again.index(0) <= SHAPE.text_tokens  # so that each token holds one word
    assert torch.allclose(added[0, 1, otto], told[0, 1, places].sum(0), atol=1e-5)
    added[0, 1, otto] = 0
    assert not added.any()  # not where the story itself introduces, nor at "Mimi's", which nothing is said behind


def test_a_perfect_memory_does_not_add_what_is_expected_anyway():
    base, texts = transformer(None), Texts.of([STORY], VOCABULARY)
    everything = Teacher(base, VOCABULARY).remembered(texts)
    torch.nn.init.normal_(base.text.hints.somebody)
    less = everything - everything.any(-1, keepdim=True) * base.text.hints.mean_look()
    assert torch.allclose(Teacher(base, VOCABULARY).remembered(texts), less, atol=1e-4)


def test_what_is_missed_is_all_for_who_adds_nothing_and_nothing_for_a_perfect_memory():
    base, texts = transformer(None), Texts.of([STORY], VOCABULARY)
    teacher, own = Teacher(base, VOCABULARY), base.text(texts.words)[0]
    added = teacher.remembered(texts)
    assert teacher.missed(own, texts).item() == pytest.approx(1, rel=5e-3)
    assert teacher.missed(own + added / 2, texts).item() == pytest.approx(1 / 4, rel=2e-2)
    assert teacher.missed(own + added, texts).item() == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("characters", [0, 5], ids=["stories", "casts"])
def test_texts_are_never_the_same(characters):
    luck, reading = torch.Generator().manual_seed(0), Reading(4, Schedule(1, 3, 1.0), characters)
    one, other = (draw_texts(VOCABULARY, "train", reading, luck) for _ in range(2))
    assert one.words.shape == (3, 4, 112)
    assert (one.introduced > 0).any()
    assert not torch.equal(one.words, other.words)


def test_a_cast_is_introduced_once_each_before_it_is_named_again():
    texts = draw_cast(random.Random(0), segments=4, characters=5)
    told = [[found[1] for found in reminding.introductions(text)] for text in texts]
    assert len(set(told[0] + told[1])) == len(told[0] + told[1]) == 5
    assert told[2:] == [[], []]
    again = [[name for name in told[0] + told[1] if name in text] for text in texts[2:]]
    assert [len(names) for names in again] == [3, 3]


def test_names_that_are_alike_in_a_story_cost_what_telling_their_mentions_apart_would():
    torch.manual_seed(0)
    own, words = torch.randn(6, 16), torch.tensor([3, 3, 5, 5, 5, 9])
    apart = torch.nn.functional.normalize(own, dim=-1)
    costs = []
    for one in range(5):  # the sixth name is mentioned once
        others = [other for other in range(6) if other != one]
        alike = {other: float(apart[one] @ apart[other]) / 0.1 for other in others}
        total = np.log(sum(np.exp(value) for value in alike.values()))
        costs.append(np.mean([total - alike[other] for other in others if words[other] == words[one]]))
    assert confusion(own, words).item() == pytest.approx(np.mean(costs), rel=1e-5)


STORIES = [["Mimi, a red fox with a hat, waves.", "Mimi sits."], ["Mimi, a blue bear, waves.", "Mimi sits."]]
KNOWN = Vocabulary(sorted({*" ".join(map(" ".join, STORIES)).lower().replace(",", "").split(), *LOOKS, "lola"}))


def untaught(layer):
    torch.manual_seed(0)
    return VideoTransformer(replace(SHAPE, width=32), len(KNOWN), layer)


def losses(path):
    return [float(line.split(",")[1]) for line in path.read_text().splitlines()[1:]]


def test_a_memory_learns_whose_looks_a_name_recalls_and_without_one_nobody_can(tmp_path, monkeypatch):
    """One name and two stories: the second segment says the same in both, so that only the first tells who it is."""
    monkeypatch.setattr(recall, "draw_texts", lambda *_: Texts.of(STORIES, KNOWN))
    base, model = untaught(None), untaught(ttt_linear)
    model.load_state_dict(base.state_dict(), strict=False)
    readings, last = (Reading(2, Schedule(150, 2, 5e-3, averaging=0.9)),), {}
    for name, one in (("with", model), ("without", deepcopy(base))):
        train_recall(one, Teacher(base, KNOWN), readings, tmp_path / f"{name}.pt", seed=0)
        last[name] = losses(tmp_path / f"{name}.csv")[-1]
    assert last["with"] < 0.1
    added = Teacher(base, KNOWN).remembered(Texts.of(STORIES, KNOWN))
    guessed = (added - added.mean(0)).square().sum() / added.square().sum()
    assert last["without"] == pytest.approx(guessed.item(), rel=0.05)


def test_heeding_costs_nothing_where_nothing_is_remembered_or_the_text_tells_it():
    base, texts = transformer(None), Texts.of([STORY], VOCABULARY)
    teacher = Teacher(base, VOCABULARY)
    nobody = Texts.of([["Nobody is here."] * 3], VOCABULARY)
    cost = [
        heeding_loss(base, teacher, *lesson(read), torch.full((1, 1, 1), strength)).item()
        for read, strength in ((texts, -1.0), (nobody, 1.0), (texts, 1.0), (texts, 0.0))
    ]
    assert cost[:2] == pytest.approx([0, 0], abs=1e-9)
    assert min(cost[2:]) > 1e-3


def test_some_texts_tell_again_themselves_and_memories_are_of_any_strength():
    drawn = Stretches(torch.zeros(3000, 1), torch.zeros(1), Texts.of([STORY], VOCABULARY), None)
    strengths = draw_strengths(drawn, torch.Generator().manual_seed(0)).flatten()
    again = strengths < 0
    assert again.float().mean().item() == pytest.approx(1 / 3, abs=0.03)
    assert strengths[~again].mean().item() == pytest.approx(2 / 3, abs=0.03)  # of the root of a uniform number


def test_a_base_learns_to_draw_what_is_remembered_and_reads_as_before(tmp_path):
    torch.manual_seed(0)
    base = transformer(None)
    latents = torch.randn(4, 19, 2, 4, 4)
    stories = Told(latents, torch.zeros(4, 19, 1, 1, 1), [STORY] * 4)
    lessons = Lessons.from_shelves([stories], VOCABULARY)
    stage = Stage(3, Schedule(150, 8, 5e-3, averaging=0.9), from_start=1.0, stills=True)
    recipe = replace(RECIPE.smoke(), heeding=stage, text_dropout=0.0)
    heeding = train_heeding(base, lessons, recipe, tmp_path / "h.pt", latents="as they are")
    before, after = base.state_dict(), heeding.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith("blocks.") for name in changed)
    first, *_, last = losses(tmp_path / "h.csv")
    assert last < first / 2


def test_hints_learn_who_is_named_and_how_whoever_it_is_may_look(tmp_path, monkeypatch):
    of_two = [STORIES[0], [text.replace("Mimi", "Lola") for text in STORIES[1]]]
    monkeypatch.setattr(naming, "draw_texts", lambda *_: Texts.of(of_two, KNOWN))
    base = untaught(None)
    named = train_naming(base, KNOWN, (Reading(2, Schedule(300, 2, 4e-3, averaging=0.9)),), tmp_path / "n.pt", seed=0)
    before, after = base.state_dict(), named.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert all(name.startswith("text.hints.") for name in changed)
    first, *_, last = losses(tmp_path / "n.csv")
    assert last < first / 2
    texts = Texts.of(of_two, KNOWN)
    mimi, lola = looks_told(base.text, texts, KNOWN)[:, 1, 0]
    expected = named.text.told(texts.words).expected
    assert torch.allclose(expected[:, 1, 0], (mimi + lola) / 2, atol=0.1)
    expected[:, 1, 0] = 0
    assert torch.allclose(expected, torch.zeros(()), atol=0.1)
