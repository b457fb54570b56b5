"""Training on a tiny world of its own: it learns, it can be interrupted, and it ends in files that run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from evalsuite.baselines.models.autoencoder import Autoencoder
from evalsuite.baselines.models.files import AUTOENCODER, BASE, SHIPPED
from evalsuite.baselines.models.generator import Generator
from evalsuite.baselines.models.text import Vocabulary
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.ttt_linear import ttt_linear
from evalsuite.baselines.models.ttt_mlp import ttt_mlp
from evalsuite.baselines.models.weights import load_autoencoder, load_base, load_layers, save_base
from evalsuite.baselines.training import train, train_transformer
from evalsuite.baselines.training.data import Filmed, as_video, clip, render, shelved
from evalsuite.baselines.training.latents import Told, mark, told
from evalsuite.baselines.training.lessons import Lessons, Stretches, draw_stretches
from evalsuite.baselines.training.recipe import RECIPE, Shelf, Stage
from evalsuite.baselines.training.renaming import renaming
from evalsuite.baselines.training.texts import Texts
from evalsuite.baselines.training.train_autoencoder import draw_hiding, train_autoencoder
from evalsuite.baselines.training.train_transformer import (
    _foundation,
    _recalling,
    held_out_loss,
    train_base,
    velocity_loss,
)
from evalsuite.baselines.ttt import TTT
from safetensors import safe_open

from evalsuite import plugins
from evalsuite.disk import sha256
from evalsuite.errors import EvalsuiteError, PluginError
from evalsuite.interfaces import Training
from evalsuite.learning.convolution import Convolution
from evalsuite.learning.curves import draw_curves
from evalsuite.learning.device import mixed_precision
from evalsuite.learning.loop import DivergedError, fit, fused
from evalsuite.learning.processes import on_all_processors
from evalsuite.learning.schedule import Schedule
from evalsuite.learning.weights import copy_weights, quick_kind, save
from evalsuite.types import Storyboard, VideoSpec

BOARD = Storyboard(id="s", title="s", segments=({"text": "The red fox."}, {"text": "It waves."}))


class Line(torch.nn.Module):
    """A matrix, a gain and a bias: what the two optimisers share among them."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)
        self.gain = torch.nn.Parameter(torch.ones(3))
        torch.nn.init.zeros_(self.layer.weight)
        torch.nn.init.zeros_(self.layer.bias)

    def forward(self, x):
        return self.gain * self.layer(x)


def line_loss(model, killed_at=None):
    calls = []

    def loss(luck):
        calls.append(1)
        if len(calls) == killed_at:
            raise KeyboardInterrupt
        x = torch.randn(16, 3, generator=luck)
        return (model(x) - 2 * x - 1).square().mean()

    return loss


SCHEDULE = Schedule(steps=200, batch=1, rate=0.05, warm_up=10, weight_decay=0.0, averaging=0.9)


def test_the_loop_finds_a_known_answer_and_writes_its_curve(tmp_path):
    model = Line()
    average = fit(model, SCHEDULE, line_loss(model), tmp_path / "line.pt", seed=0)
    with torch.no_grad():
        assert torch.allclose(average(torch.eye(3)), 2 * torch.eye(3) + 1, atol=0.05)
    rows = (tmp_path / "line.csv").read_text().splitlines()
    assert rows[0] == "step,loss,seconds"
    assert float(rows[-1].split(",")[1]) < 0.01 * float(rows[1].split(",")[1])


def test_an_interrupted_run_ends_as_an_undisturbed_one(tmp_path, monkeypatch):
    monkeypatch.setattr("evalsuite.learning.loop._SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    undisturbed, killed, resumed = Line(), Line(), Line()
    expected = fit(undisturbed, SCHEDULE, line_loss(undisturbed), tmp_path / "a.pt", seed=0)
    with pytest.raises(KeyboardInterrupt):
        fit(killed, SCHEDULE, line_loss(killed, killed_at=90), tmp_path / "b.pt", seed=0)
    found = fit(resumed, SCHEDULE, line_loss(resumed), tmp_path / "b.pt", seed=0)
    for one, other in ((found, expected), (resumed, undisturbed)):
        assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    curves = [np.loadtxt(tmp_path / name, delimiter=",", skiprows=1, usecols=(0, 1)) for name in ("a.csv", "b.csv")]
    assert np.array_equal(*curves)


def test_a_checkpoint_of_another_seed_is_refused(tmp_path):
    fit(Line(), replace(SCHEDULE, steps=1), line_loss(Line()), tmp_path / "line.pt", seed=0)
    with pytest.raises(EvalsuiteError, match=r"line\.pt is of a training with seed 0, not 1; use another --folder"):
        fit(Line(), SCHEDULE, line_loss(Line()), tmp_path / "line.pt", seed=1)


@pytest.mark.parametrize("what", ["weights", "schedule", "recipe", "code"])
def test_a_checkpoint_of_what_began_otherwise_is_refused(tmp_path, what, monkeypatch):
    model, schedule, recipe = Line(), replace(SCHEDULE, steps=1), (Stage(1, SCHEDULE),)
    fit(model, schedule, line_loss(model), tmp_path / "line.pt", 0, recipe)
    other = Line()
    if what == "weights":
        other.gain.data += 1
    elif what == "schedule":
        schedule = replace(schedule, rate=0.1)
    elif what == "recipe":
        recipe = (Stage(1, SCHEDULE, from_start=0.9),)
    else:
        (tmp_path / "line.py").write_text("class Line: now another")
        monkeypatch.setattr("inspect.getfile", lambda _: str(tmp_path / "line.py"))
    with pytest.raises(EvalsuiteError, match=r"line\.pt is of a training that began otherwise"):
        fit(other, schedule, line_loss(other), tmp_path / "line.pt", 0, recipe)


def test_weights_that_are_no_numbers_are_never_saved(tmp_path, monkeypatch):
    monkeypatch.setattr("evalsuite.learning.loop._SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    model, step = Line(), 0

    def loss(luck):
        nonlocal step
        step += 1
        return line_loss(model)(luck) * (float("nan") if step == 6 else 1.0)

    with pytest.raises(EvalsuiteError, match=r"training line has weights that are NaN or infinite after step 6"):
        fit(model, SCHEDULE, loss, tmp_path / "line.pt", seed=0)
    kept = torch.load(tmp_path / "line.pt", weights_only=True)
    assert kept["step"] == 5
    assert all(tensor.isfinite().all() for tensor in kept["model"].values())


def test_few_things_are_done_in_this_process_and_many_in_others(tmp_path):
    done, files = [], [tmp_path / str(number) for number in range(6)]
    on_all_processors(done.append, files[:2])
    assert done == files[:2]
    on_all_processors(Path.touch, files)
    assert sorted(tmp_path.iterdir()) == files


def test_a_convolution_is_that_of_its_matrix():
    layer = Convolution(2, 3)
    x = torch.randn(1, 2, 5, 6)
    columns = torch.nn.functional.unfold(x, 3, padding=1)
    assert torch.allclose(layer(x).flatten(2), layer.weight @ columns + layer.bias[:, None], atol=1e-5)


def test_a_shelf_is_rendered_once(tmp_path):
    shelf = Shelf(segments=1, episodes=1, held_out=1)
    render(tmp_path, shelf)
    (film,) = shelved(tmp_path, 1)
    before = film.path.stat().st_mtime_ns
    render(tmp_path, shelf)
    assert film.path.stat().st_mtime_ns == before
    assert film.frames.shape == (24, 64, 96, 4)
    assert set(np.unique(film.frames[..., 3])) == {0, 255}


def test_clips_show_their_first_frame_twice(tmp_path):
    film = np.random.default_rng(0).integers(0, 256, (12, 4, 6, 4), dtype=np.uint8)
    np.save(tmp_path / "0.npy", film)
    part = clip(Filmed(tmp_path / "0.npy"), 4, 8)
    assert np.array_equal(part, film[[4, *range(4, 12)]])
    video, marks = as_video(part)
    assert video.shape == (9, 3, 4, 6)
    assert np.allclose((video[3, 1].numpy() + 1) * 127.5, part[3, ..., 1])
    assert np.allclose(marks[3, 0].numpy() * 255, part[3, ..., 3])


def plain(words):
    """Texts with no names in them."""
    nothing = torch.zeros_like(words)
    return Texts(words, nothing, words, nothing, nothing)


def test_stretches_keep_latents_and_words_together():
    latents = torch.arange(4 * 19).view(4, 19, 1, 1, 1).half()
    words = plain(torch.arange(4 * 3).view(4, 3, 1))
    episodes = Told(latents, latents % 2 > 0, [["a", "b", "c"]] * 4)
    stage = Stage(2, replace(SCHEDULE, batch=50))
    drawn, marks, texts, still = draw_stretches([(episodes, words)], stage, torch.Generator())
    assert torch.equal(marks, drawn % 2 > 0)
    assert still is None
    assert drawn.shape == (50, 13, 1, 1, 1)
    first, word = drawn[:, 0, 0, 0, 0].long(), texts.words[:, 0, 0]
    assert torch.equal(first // 19, word // 3)
    assert torch.equal((first % 19) // 6, word % 3)
    assert set((first % 19).tolist()) == {0, 6}


def test_stills_are_the_same_frame_of_each_segment_with_its_words():
    latents = torch.arange(4 * 19).view(4, 19, 1, 1, 1).half()
    words = plain(torch.arange(4 * 3).view(4, 3, 1))
    stage = Stage(2, replace(SCHEDULE, batch=50), stills=True)
    episodes = Told(latents, latents % 2 > 0, [["a", "b", "c"]] * 4)
    drawn, marks, texts, still = draw_stretches([(episodes, words)], stage, torch.Generator().manual_seed(1))
    assert torch.equal(marks, drawn % 2 > 0)
    frames, words = drawn[:, :, 0, 0, 0].long(), texts.words[:, :, 0]
    assert frames.shape == (50, 2)
    assert 1 <= int(still) <= 6
    assert torch.equal(frames // 19, words // 3)
    assert torch.equal(frames % 19, words % 3 * 6 + still)


def test_names_change_hands_within_their_pronoun_and_other_words_stay():
    vocabulary = Vocabulary(["the", "mimi", "waves", "pip", "lola", "otto", "rufus", "hana"])
    she, he = ("mimi", "lola", "hana"), ("pip", "otto", "rufus")
    seen = set()
    for number in range(50):
        table = renaming(vocabulary, torch.Generator().manual_seed(number))
        assert sorted(table.tolist()) == list(range(len(vocabulary)))
        changed = (table != torch.arange(len(vocabulary))).nonzero().flatten().tolist()
        assert set(changed) <= set(vocabulary.numbers(" ".join((*she, *he))))
        for names in (she, he):
            numbers = vocabulary.numbers(" ".join(names))
            assert sorted(table[numbers].tolist()) == sorted(numbers)
        seen.add(int(table[vocabulary.numbers("mimi")[0]]))
    assert seen == set(vocabulary.numbers(" ".join(she)))


def test_a_latent_is_marked_where_any_of_its_pixels_is():
    seen = np.zeros((9, 16, 24), np.uint8)
    seen[0, 0, 0] = seen[3, 15, 8] = seen[8, 7, 23] = 255
    expected = np.zeros((3, 1, 2, 3), bool)
    expected[0, 0, 0, 0] = expected[1, 0, 1, 1] = expected[2, 0, 0, 2] = True
    assert np.array_equal(mark(seen).numpy(), expected)


def test_marked_places_count_more():
    recipe = RECIPE.smoke()
    model = VideoTransformer(recipe.transformer_shape, 10, None)  # its first answer is 0 everywhere
    latents = torch.zeros(1, 7, 64, 8, 12)
    latents[..., 0, 0] = 1.0
    marks = torch.zeros(1, 7, 1, 8, 12, dtype=torch.bool)
    marks[..., 0, 0] = True
    drawn = Stretches(latents, marks, plain(torch.zeros(1, 1, 112, dtype=torch.long)), None)
    noise, time = torch.zeros_like(latents), torch.ones(1)
    places = 8 * 12
    assert velocity_loss(model, drawn, noise, time).item() == pytest.approx(1 / places)
    assert velocity_loss(model, drawn, noise, time, emphasis=2.0).item() == pytest.approx(3 / (places + 2))


def test_noise_hides_some_latents_and_leaves_others():
    model = Autoencoder(RECIPE.smoke().autoencoder_shape)
    video = torch.zeros(200, 9, 3, 16, 24)
    noise, share = draw_hiding(model, video, torch.Generator().manual_seed(0))
    assert noise.shape[1:] == model.encode(video[:1]).shape[1:]
    assert 60 < (share == 0).sum() < 140
    assert 0.6 < share.max() <= 0.7


@pytest.mark.parametrize("has_bfloat16", [True, False])
def test_the_quick_kind_is_what_the_processor_multiplies_quickly(has_bfloat16, monkeypatch):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: has_bfloat16)
    assert quick_kind() == (torch.bfloat16 if has_bfloat16 else torch.float32)


def test_training_rounds_to_the_quick_kind():
    with mixed_precision(torch.device("cpu")):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == quick_kind()


def test_a_compiler_takes_what_is_rounded_in_one_piece():
    def product(x):
        with mixed_precision(x.device):
            return x @ x

    assert torch.equal(torch.compile(product, fullgraph=True, backend="eager")(torch.eye(2)), torch.eye(2))


@pytest.mark.slow
def test_a_fused_loss_is_the_same_loss():
    def loss(x):
        return (x.sin() * 2 + x.square()).mean()

    x = torch.randn(1000)
    assert torch.allclose(fused(loss)(x), loss(x), atol=1e-5)
    assert fused(loss, wanted=False) is loss


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    return folder / "smoke", TTT().train(Training(folder, smoke=True))


def test_a_smoke_run_learns_to_see_and_draws_what_it_learns(smoke):
    folder, _ = smoke
    for name in ("autoencoder", "decoder"):
        losses = [float(line.split(",")[1]) for line in (folder / f"{name}.csv").read_text().splitlines()[1:]]
        assert losses[-1] < losses[0], name
    for name in ("loss.png", "autoencoder.png", "base.png", "ttt_002_stills_taught.png", "ttt_003.png"):
        assert cv2.imread(str(folder / name)) is not None


def tried(folder, model):
    """A model's loss on the episodes of a smoke run."""
    recipe, weights = RECIPE.smoke(), folder / "weights"
    lessons = Lessons.from_shelves([told(folder, weights, recipe.stories[0])], load_base(weights)[1])
    return held_out_loss(model, lessons, recipe.stages[-1], 16)


def test_the_transformers_of_a_smoke_run_have_learnt(smoke):
    folder, recipe = smoke[0], RECIPE.smoke()
    weights = folder / "weights"
    torch.manual_seed(0)
    base, vocabulary = load_base(weights, ttt_mlp)
    untrained = VideoTransformer(recipe.transformer_shape, len(vocabulary), None)
    trained, _ = load_layers(weights / "ttt.safetensors", weights, ttt_mlp)
    losses = [tried(folder, model) for model in (untrained, base, trained)]
    assert losses[0] > losses[1] > losses[2]


def test_a_smoke_run_ends_in_weights_that_make_frames(smoke):
    folder, files = smoke
    assert [file.name for file in files] == ["toon_autoencoder.safetensors", "base.safetensors", "ttt.safetensors"]
    weights = folder / "weights"
    generator = Generator(*load_layers(weights / "ttt.safetensors", weights, ttt_mlp), load_autoencoder(weights))
    assert len(list(generator.film(BOARD, 0, VideoSpec(96, 64, 8.0)).frames)) == 48


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["ttt-linear", "mamba2", "gated-deltanet", "sliding-window", "local-attention", "full-attention"]
)
def test_a_smoke_run_of_each_other_layer_learns_and_makes_frames(name, smoke):
    folder, system = smoke[0], plugins.baseline(name)
    made = folder / "weights" / system.weights.name
    assert made in system.train(Training(folder.parent, smoke=True))
    layers = load_layers(made, folder / "weights", system.make_layer)
    assert tried(folder, layers[0]) < tried(folder, load_base(folder / "weights")[0])
    film = Generator(*layers, load_autoencoder(folder / "weights")).film(BOARD, 0, VideoSpec(96, 64, 8.0))
    assert len(list(film.frames)) == 48


def last_rate(checkpoint):
    return torch.load(checkpoint, weights_only=True)["optimisers"][0]["param_groups"][0]["lr"]


def test_the_rate_with_the_least_held_out_loss_is_taken_for_recall_and_none_of_them_for_stages(smoke):
    folder, _ = smoke
    rates = json.loads((folder / "ttt_rates.json").read_text())
    assert set(rates) == {"0.001", "0.002"}
    assert rates["0.001"] != rates["0.002"]
    best = float(min(rates, key=rates.get))
    (taken,) = folder.glob("ttt_003_recall_*.pt")
    assert taken.name == f"ttt_003_recall_{best:g}.pt"
    assert last_rate(taken) == pytest.approx(best / 10)  # of the last of 25 steps, 10 of which fall
    assert last_rate(folder / "ttt_003.pt") == pytest.approx(RECIPE.smoke().stages[-1].schedule.rate / 10)


@pytest.fixture
def recalling(tmp_path, monkeypatch):
    """What goes on after a first step at each rate, by the losses that held-out texts have then."""

    def taught(model, teacher, readings, checkpoint, seed):
        return [*model, (checkpoint.name, readings[0].schedule.rate)]

    def after(losses, rates=RECIPE.rates):
        monkeypatch.setattr(train_transformer, "held_out_recall", lambda model, *rest: losses[model[-1][1]])
        return _recalling([], None, replace(RECIPE, rates=rates), tmp_path / "ttt", 0)

    monkeypatch.setattr(train_transformer, "_remembering", lambda model: model)
    monkeypatch.setattr(train_transformer, "train_recall", taught)
    return after


def test_recall_goes_on_from_the_best_rate(recalling, tmp_path):
    middle = RECIPE.rates[1]
    then = RECIPE.recall[1][0].schedule.rate
    for best in RECIPE.rates:
        losses = {rate: 0.1 if rate == best else 0.2 for rate in RECIPE.rates}
        steps = [(f"ttt_004_recall_{best:g}.pt", best), (f"ttt_010_recall_{best:g}.pt", pytest.approx(then * best))]
        assert recalling(losses) == steps
    assert recalling({middle: 0.5}, rates=(middle,))[0][1] == middle
    assert json.loads((tmp_path / "ttt_rates.json").read_text()) == {str(middle): 0.5}


def test_a_rate_at_which_a_layer_diverges_is_left_out(recalling, monkeypatch):
    low, middle, _ = RECIPE.rates
    taught = train_transformer.train_recall

    def diverging_above(most):
        def trained(model, teacher, readings, *rest):
            if readings[0].schedule.rate > most:
                raise DivergedError("it did")
            return taught(model, teacher, readings, *rest)

        return trained

    monkeypatch.setattr(train_transformer, "train_recall", diverging_above(middle))
    assert recalling({low: 0.2, middle: 0.1})[0][1] == middle
    monkeypatch.setattr(train_transformer, "train_recall", diverging_above(0.0))
    with pytest.raises(DivergedError, match="at every rate"):
        recalling({})


def test_a_rate_that_is_asked_for_is_the_only_one(tmp_path, monkeypatch):
    recipes = []
    monkeypatch.setattr(train, "train_layers", lambda recipe, *rest: recipes.append(recipe))
    monkeypatch.setattr(train, "draw_curves", lambda path, curves: None)
    TTT().train(Training(tmp_path, rate=0.004))
    assert recipes[0].rates == (0.004,)


def test_layers_are_kept_without_the_base_and_refuse_another(smoke, tmp_path):
    folder, _ = smoke
    weights = folder / "weights"
    with safe_open(weights / "ttt.safetensors", framework="pt") as file:
        names = set(file.keys())
    assert names
    assert all("between" in name or ".attention." in name for name in names)
    model, vocabulary = load_base(weights)
    model.enter.bias.add_(1)
    save_base(tmp_path, model, vocabulary)
    with pytest.raises(EvalsuiteError, match="another base"):
        load_layers(weights / "ttt.safetensors", tmp_path, ttt_mlp)
    with pytest.raises(EvalsuiteError, match="another sequence layer"):
        load_layers(weights / "ttt.safetensors", weights, ttt_linear)
    copy_weights(weights / "base.safetensors", tmp_path / "lone" / "base.safetensors")
    save(tmp_path / "lone" / "nothing.safetensors", {}, {"base": sha256(weights / "base.safetensors"), "segments": "3"})
    with pytest.raises(EvalsuiteError, match="another sequence layer"):
        load_layers(tmp_path / "lone" / "nothing.safetensors", weights, ttt_mlp)


def test_a_rerun_does_nothing_again(smoke):
    folder, files = smoke
    made = [folder / name for name in ("weights/base.safetensors", "base_001.pt", "ttt_003.json", "ttt_003.png")]
    before = [file.stat().st_mtime_ns for file in made]
    assert TTT().train(Training(folder.parent, smoke=True)) == files
    assert [file.stat().st_mtime_ns for file in made] == before


def test_trained_further_encoder_and_words_stay_and_the_loss_starts_low(smoke, tmp_path):
    weights, recipe = smoke[0] / "weights", RECIPE.smoke()
    (tmp_path / "pool").symlink_to(smoke[0] / "pool")
    train_autoencoder(recipe, tmp_path, weights)
    before, after = load_autoencoder(weights), load_autoencoder(tmp_path / "weights")
    same = {name: torch.equal(value, after.state_dict()[name]) for name, value in before.state_dict().items()}
    assert all(same[name] for name in same if not name.startswith("decoder"))
    assert not any(same[name] for name in same if name.startswith("decoder") and name.endswith("weight"))
    train_base(recipe, tmp_path, weights)
    assert load_base(tmp_path / "weights")[1].words == load_base(weights)[1].words
    first, further = (
        (folder / "base_001_stills_marked.csv").read_text().splitlines()[1] for folder in (smoke[0], tmp_path)
    )
    assert float(further.split(",")[1]) < float(first.split(",")[1])


def test_layers_are_trained_on_an_autoencoder_and_a_base_that_belong_together(smoke, tmp_path):
    own = tmp_path / "weights"
    copy_weights(smoke[0] / "weights" / AUTOENCODER, own / AUTOENCODER)
    assert _foundation(tmp_path) == SHIPPED
    copy_weights(smoke[0] / "weights" / BASE, own / BASE)
    assert _foundation(tmp_path) == own
    with pytest.raises(EvalsuiteError, match="is not that of the shipped base"):
        TTT().train(Training(tmp_path, further=True))


def test_what_was_trained_further_is_not_taken_for_what_was_trained_from_nothing(tmp_path, monkeypatch):
    def untrained(recipe, folder, start):
        pass

    monkeypatch.setattr(train, "train_autoencoder", untrained)
    monkeypatch.setattr(train, "train_base", untrained)
    for _ in range(2):
        train._train_foundation(RECIPE, tmp_path, SHIPPED)
    with pytest.raises(EvalsuiteError, match=r"were trained from the shipped weights, not from nothing: use another"):
        train._train_foundation(RECIPE, tmp_path, None)


@pytest.mark.parametrize("variant", ["closed", "seed-1"])
def test_a_variant_is_not_trained_by_its_name(variant, tmp_path):
    with pytest.raises(PluginError, match="with --seed"):
        TTT(variant).train(Training(tmp_path))


def test_a_training_that_has_no_step_yet_is_left_out_of_the_picture(tmp_path):
    (tmp_path / "new.csv").write_text("step,loss,seconds\n")
    (tmp_path / "old.csv").write_text("step,loss,seconds\n1,0.5,1\n2,0.4,2\n")
    draw_curves(tmp_path / "loss.png", sorted(tmp_path.glob("*.csv")))
    assert cv2.imread(str(tmp_path / "loss.png")).std() > 1


def test_how_long_it_was_trained_on_is_kept_with_the_weights(smoke):
    weights = smoke[0] / "weights"
    model, _ = load_layers(weights / "ttt.safetensors", weights, ttt_mlp)
    assert model.trained_segments == 3
