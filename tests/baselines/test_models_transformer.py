from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from evalsuite.baselines.models.full_attention import full_attention
from evalsuite.baselines.models.gated_deltanet import gated_deltanet
from evalsuite.baselines.models.hints import HintingEncoder, Hints
from evalsuite.baselines.models.layout import FRAMES_PER_SEGMENT, Layout, Places, TransformerShape
from evalsuite.baselines.models.mamba2 import mamba2
from evalsuite.baselines.models.sampler import Sampling, noise_of_segments, sample
from evalsuite.baselines.models.sliding_window import sliding_window
from evalsuite.baselines.models.text import SCENE_START, TextEncoder, Vocabulary
from evalsuite.baselines.models.transformer import VideoTransformer, velocity
from evalsuite.baselines.models.ttt_linear import ttt_linear
from evalsuite.baselines.models.ttt_mlp import ttt_mlp
from torch.nn import functional

SHAPE = TransformerShape(latent_channels=2, latent_height=4, latent_width=4, text_tokens=3, width=16, heads=2, blocks=3)


def make(layer, gate=0.5):
    """A transformer in which no weight is zero, but perhaps the gates."""
    torch.manual_seed(0)
    model = VideoTransformer(SHAPE, 20, layer).double()
    for name, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, std=0.3)
        if name.endswith("gates"):
            torch.nn.init.constant_(parameter, gate)
    return model.requires_grad_(False)


def inputs(segments, batch=1):
    latents = torch.randn(batch, 6 * segments + 1, 2, 4, 4, dtype=torch.double)
    return latents, torch.full((batch,), 0.5).double(), torch.randint(0, 20, (batch, segments, 7))


def changed_frames(model, segments, frame):
    """Which frames of the output change with one frame of the input."""
    latents, time, words = inputs(segments)
    other = latents.clone()
    other[:, frame] += 1
    return ((model(latents, time, words) - model(other, time, words)).abs().amax((0, 2, 3, 4)) > 1e-12).tolist()


def test_windows_are_a_segment_and_the_frame_before():
    layout = Layout(SHAPE)
    text = torch.tensor([[[-1, -2, -3], [-4, -5, -6]]]).unsqueeze(-1)
    video = torch.arange(13).view(1, 13, 1, 1).expand(1, 13, 4, 1)
    line = layout.line_up(text, video)
    assert line[0, :, 0].tolist()[:11] == [0, 0, 0, 0, -1, -2, -3, 1, 1, 1, 1]
    assert line[0, :, 0].tolist()[31:39] == [-4, -5, -6, 7, 7, 7, 7, 8]
    windows = torch.cat(list(layout.windows(line, at_once=1)), dim=1)[0, :, :, 0]
    assert [sorted(set(window.tolist())) for window in windows] == [
        [-3, -2, -1, *range(7)],
        [-6, -5, -4, *range(6, 13)],
    ]
    (together,) = layout.windows(line.double(), at_once=2)
    assert torch.equal(together[0, :, :, 0], windows)
    assert torch.equal(layout.merge(together), line.double())
    assert torch.equal(layout.video(line), video)


def test_the_frame_that_two_windows_share_is_averaged():
    layout = Layout(SHAPE)
    windows = torch.zeros(1, 2, layout.segment + layout.patches, 1)
    windows[:, 1] = 1
    merged = layout.video(layout.merge(windows))[0, :, 0, 0]
    assert merged.tolist() == [0.0] * 6 + [0.5] + [1.0] * 6


def test_the_end_of_a_scene_is_the_earlier_windows_alone():
    layout = Layout(SHAPE, cuts=torch.tensor([True, False, True]))
    windows = torch.zeros(1, 3, layout.segment + layout.patches, 1)
    windows[:, 1], windows[:, 2] = 1, 2
    merged = layout.video(layout.merge(windows))[0, :, 0, 0]
    assert merged.tolist() == [0.0] * 6 + [0.5] + [1.0] * 6 + [2.0] * 6


def test_what_follows_a_cut_is_not_seen_before_it():
    model = make(None)
    latents, time, words = inputs(3)
    later, told = latents.clone(), words.clone()
    later[:, 7:], told[:, 1:] = 0, 1
    for cut in (False, True):
        shown = [
            model.clean(*asked, cuts=torch.tensor([False, cut, False]))
            for asked in ((latents, time, words), (later, time, told))
        ]
        changed = (shown[0] != shown[1]).any(-1).any(-1).any(-1)[0].tolist()
        assert changed == [not cut] * 7 + [True] * 12


def test_text_is_not_turned_and_windows_start_anew():
    places = Places.of(SHAPE, 3)
    assert torch.equal(places.window[0][:3], torch.ones(3, 4))
    assert places.line[0].shape == (3 * 27 + 4, 4)
    assert torch.equal(places.line[0][34:58], places.line[0][61:85])
    assert places.is_video.sum() == 19 * 4


def test_a_still_lies_where_its_frame_lies_in_a_window():
    window, patches = Places.of(SHAPE, 1).window, SHAPE.patches
    for frame in range(1, FRAMES_PER_SEGMENT + 1):
        stills = Places.of_stills(SHAPE, 2, torch.tensor([frame]))
        first = SHAPE.text_tokens + (frame - 1) * patches
        rows = [*range(SHAPE.text_tokens), *range(first, first + patches)]
        for whole, alone, line in zip(window, stills.window, stills.line, strict=True):
            assert torch.equal(whole[rows], alone)
            assert torch.equal(torch.cat([alone, alone]), line)
        assert stills.is_video.tolist() == ([False] * SHAPE.text_tokens + [True] * patches) * 2


def stills(segments, batch):
    _, time, words = inputs(segments, batch)
    return torch.randn(batch, segments, 2, 4, 4, dtype=torch.double), time, words, torch.tensor([3])


def test_stills_of_one_segment_know_of_their_number_and_not_of_the_batch():
    model = make(None)
    latents, time, words, frame = stills(1, batch=2)
    both = model(latents, time, words, frame)
    assert torch.allclose(both[1:], model(latents[1:], time[1:], words[1:], frame), atol=1e-12)
    assert not torch.allclose(both, model(latents, time, words, frame + 1))


@pytest.mark.parametrize("layer", [ttt_mlp, None])
def test_only_a_sequence_layer_tells_one_still_of_the_others_text(layer):
    model = make(layer)
    latents, time, words, frame = stills(3, batch=1)
    other = words.clone()
    other[:, 0] = (words[:, 0] + 1) % 20
    changed = (model(latents, time, words, frame) - model(latents, time, other, frame)).abs().amax((0, 2, 3, 4)) > 1e-12
    assert changed.tolist() == [True, layer is not None, layer is not None]


def test_what_is_read_are_the_texts_after_the_first_sequence_layer():
    model, heard = make(ttt_mlp), []
    model.blocks[0].between.register_forward_hook(lambda _gates, _given, made: heard.append(made))
    latents, time, words = inputs(2)
    clean, read = model.clean_and_read(latents, time, words)
    assert torch.equal(clean, model.clean(latents, time, words))
    segment = SHAPE.text_tokens + 6 * SHAPE.patches
    texts = [heard[0][:, start : start + SHAPE.text_tokens] for start in (SHAPE.patches, SHAPE.patches + segment)]
    assert torch.equal(read, torch.stack(texts, dim=1))
    assert torch.equal(model.read(latents, words), read)


@pytest.mark.parametrize("layer", [ttt_mlp, None])
def test_only_a_sequence_layer_tells_one_text_of_another(layer):
    model = make(layer)
    latents, _, words, frame = stills(3, batch=1)
    other = words.clone()
    other[:, 0] = (words[:, 0] + 1) % 20
    difference = model.read(latents, words, frame) - model.read(latents, other, frame)
    changed = (difference.abs().amax((0, 2, 3)) > 1e-12).tolist()
    assert changed == [True, layer is not None, layer is not None]


def test_a_hint_is_of_the_words_of_a_token_and_those_around_them():
    torch.manual_seed(0)
    hints, words = Hints(9, 16, inner_width=4, reach=1).double(), torch.tensor([[3, 5, 7, 2, 0]])
    torch.nn.init.normal_(hints.somebody)
    torch.nn.init.normal_(hints.named.weight)
    spread = TextEncoder(9, tokens=3, width=16).spread(words).double()
    assert (spread[0] > 0).long().tolist() == [[1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    told = [hints.embed.weight[word] if word else torch.zeros(4).double() for word in (0, 3, 5, 7, 2, 0)]
    around = []
    for place in range(1, 5):
        taps = [hints.around.weight[:, :, tap] @ told[place - 1 + tap] for tap in range(3)]
        around.append(told[place] + functional.silu(sum(taps) + hints.around.bias))
    plain = torch.stack([around[0] + around[1], around[2], around[3]]) @ hints.hint.weight.mT
    expected = (plain - plain.mean(-1, keepdim=True)) / (plain.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
    found = hints(words, spread)
    assert torch.allclose(found[0][0], expected, atol=1e-10)
    named = torch.cat([(10 * hints.named(word)).sigmoid() for word in around])
    counts = torch.stack([named[0] + named[1], named[2], named[3]])
    assert torch.allclose(found[1][0], torch.outer(counts, 16 * hints.somebody), atol=1e-10)


def test_where_no_word_is_nothing_is_hinted_at():
    told = HintingEncoder(50, tokens=4, width=8).told(torch.tensor([[5, 6, 0, 0]]))
    assert told.hints.any(-1).tolist() == [[True, True, False, False]]


@pytest.mark.parametrize("layer", [ttt_mlp, None])
def test_only_a_sequence_layer_hears_hints_and_all_hear_what_is_expected(layer):
    model, given = make(layer), inputs(2)
    before = model(*given)
    torch.nn.init.normal_(model.text.hints.hint.weight)
    assert torch.equal(model(*given), before) == (layer is None)
    torch.nn.init.zeros_(model.text.hints.somebody)
    assert not torch.allclose(model(*given), before)


@pytest.mark.parametrize("layer", [ttt_linear, ttt_mlp, None])
def test_with_closed_gates_far_segments_do_not_matter(layer):
    changed = changed_frames(make(layer, gate=0.0), segments=9, frame=27)  # in segment 5 of 9
    assert all(changed[25:30])
    assert not any(changed[:7])  # three blocks reach three segments by the frames that neighbours share,
    assert not any(changed[-6:])  # and no further


@pytest.mark.parametrize("layer", [ttt_linear, ttt_mlp])
@pytest.mark.parametrize("frame", [0, 36])
def test_with_open_gates_each_segment_knows_of_each(layer, frame):
    assert all(changed_frames(make(layer), segments=6, frame=frame))


def test_the_layer_reads_forwards_then_backwards_behind_gates_of_each_channel_and_kind():
    gated = make(ttt_linear).blocks[0].between
    torch.nn.init.normal_(gated.text_gates, std=0.5)
    torch.nn.init.normal_(gated.video_gates, std=0.5)
    places, tokens = Places.of(SHAPE, 3), torch.randn(2, 3 * 27 + 4, 16, dtype=torch.double)
    hints = torch.randn(2, 3, SHAPE.text_tokens, 16, dtype=torch.double)
    to_each = [
        torch.where(places.is_video.unsqueeze(-1), to_video, to_text)
        for to_text, to_video in zip(gated.text_gates.tanh(), gated.video_gates.tanh(), strict=True)
    ]
    hinted = torch.zeros_like(tokens)
    for segment in range(3):
        first = 4 + segment * 27
        hinted[:, first : first + SHAPE.text_tokens] = hints[:, segment]

    def told(x):
        return (x - x.mean(-1, keepdim=True)) / (x.var(-1, correction=0, keepdim=True) + 1e-5).sqrt() + hinted

    once = tokens + to_each[0] * gated.layer(told(tokens), places.line)
    turned = tuple(part.flip(0) for part in places.line)
    expected = once + to_each[1] * gated.layer(told(once).flip(1), turned).flip(1)
    assert torch.allclose(gated(tokens, places, hints), expected, atol=1e-12)


def test_one_window_of_attention_equals_torchs_own():
    model = make(None)
    attention = model.blocks[0].attention
    tokens = torch.randn(1, 3 + 7 * 4, 16, dtype=torch.double)
    turned = torch.cat([tokens[:, 4:], tokens[:, :4]], dim=1)
    still = (torch.ones(31, 4).double(), torch.zeros(31, 4).double())
    q, k, v = attention.project(turned).unflatten(-1, (3, 2, 8)).permute(2, 0, 3, 1, 4)
    q, k = functional.normalize(q, dim=-1) * attention.scale.exp() * 8**0.5, functional.normalize(k, dim=-1)
    expected = attention.leave(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
    found = attention(model.layout.windows(tokens, at_once=8), model.layout, still)
    assert torch.allclose(found, torch.cat([expected[:, -4:], expected[:, :-4]], dim=1))


def test_a_video_does_not_depend_on_its_neighbours_in_the_batch():
    model = make(ttt_mlp)
    latents, time, words = inputs(3, batch=3)
    together = model(latents, time, words)
    alone = torch.cat([model(latents[i : i + 1], time[i : i + 1], words[i : i + 1]) for i in range(3)])
    assert torch.allclose(together, alone, atol=1e-9)


def test_noise_is_drawn_for_each_segment_on_its_own():
    short, long = noise_of_segments("story", 1, 2, SHAPE), noise_of_segments("story", 1, 5, SHAPE)
    assert torch.equal(long[:, :13], short)
    assert not torch.equal(noise_of_segments("story", 2, 2, SHAPE), short)
    assert not torch.equal(noise_of_segments("other", 1, 2, SHAPE), short)
    assert abs(float(noise_of_segments("story", 1, 50, SHAPE).std()) - 1) < 0.02


def test_sampling_without_guidance_follows_the_wanted_text_alone():
    model = make(ttt_mlp).float()
    noise = noise_of_segments("story", 0, 2, SHAPE)
    _, _, words = inputs(2)
    latents = noise
    for step in range(4):
        latents = latents - 0.25 * model(latents, torch.tensor([1 - step / 4]), words)
    found = sample(model, words, torch.zeros_like(words), noise, Sampling(steps=4, shift=1.0, guidance=1.0))
    assert torch.allclose(found, latents, atol=1e-3)


@pytest.mark.parametrize("segments", [2, 25])
def test_guidance_goes_from_the_unwanted_text_past_the_wanted_one_in_uneven_steps(segments):
    """Both ways to ask the network: in one batch, and for a long video one after the other, a few frames at a time."""
    model = make(ttt_linear).float()
    noise = noise_of_segments("story", 0, segments, SHAPE)
    wanted, unwanted = (torch.randint(0, 20, (1, segments, 7)) for _ in range(2))
    times = [3 * even / (1 + 2 * even) for even in (1.0, 2 / 3, 1 / 3, 0.0)]
    latents = noise
    for time, following in pairwise(times):
        towards, away = (model(latents, torch.tensor([time]), words) for words in (wanted, unwanted))
        latents = latents + (following - time) * (away + 2.5 * (towards - away))
    found = sample(model, wanted, unwanted, noise.clone(), Sampling(steps=3, shift=3.0, guidance=2.5))
    assert torch.allclose(found, latents, atol=2e-3, rtol=1e-3)


def test_words_get_numbers_and_unknown_ones_a_bucket():
    vocabulary = Vocabulary.of(["The red fox. The fox!"] * 5 + ["A bear"])
    assert vocabulary.words == ("<start_scene>", "<end_scene>", "fox", "the", "!", ".", "red")
    assert vocabulary.numbers(f"{SCENE_START} the Fox's fox") == [65, 68, 67, *vocabulary.numbers("'s"), 67]
    assert 1 <= vocabulary.numbers("zebra")[0] <= 64
    assert vocabulary.tensor(["the fox", ""])[:, :3].tolist() == [[68, 67, 0], [0, 0, 0]]


def test_each_text_token_is_the_mean_of_neighbouring_words():
    encoder = TextEncoder(50, tokens=4, width=8)
    spread = encoder.spread(torch.tensor([[5] * 8 + [0] * 2, [5] * 3 + [0] * 7]))
    assert spread[0].argmax(0)[:8].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert torch.allclose(spread[0].sum(-1), torch.ones(4))
    assert spread[1].sum(-1).tolist() == [1.0, 1.0, 1.0, 0.0]


def test_a_summary_is_of_its_own_segment_alone():
    torch.manual_seed(0)
    encoder = TextEncoder(50, tokens=4, width=8)
    words = torch.randint(1, 50, (1, 3, 6))
    other = words.clone()
    other[:, 1, 2] = (words[:, 1, 2] + 1) % 49 + 1
    changed = (encoder(words)[1] - encoder(other)[1]).abs().amax(-1) > 1e-6
    assert changed.tolist() == [[False, True, False]]


def test_padding_does_not_change_the_text():
    torch.manual_seed(0)
    encoder = TextEncoder(50, tokens=4, width=8)
    words = torch.randint(1, 50, (1, 6))
    padded = torch.cat([words, torch.zeros(1, 5, dtype=torch.long)], dim=1)
    for long, short in zip(encoder(padded), encoder(words), strict=True):
        assert torch.allclose(long, short, atol=1e-5)


@pytest.mark.parametrize("time", [0.1, 0.5, 1.0])
def test_the_velocity_of_the_true_latents_is_the_way_from_them_to_the_noise(time):
    latents, noise = torch.randn(2, 3, 7, 2, 4, 4)
    found = velocity(torch.lerp(latents, noise, time), torch.full((3,), time), latents)
    assert torch.allclose(found, noise - latents, atol=1e-5)


@pytest.mark.parametrize("still", [None, torch.ones(1, dtype=torch.long)])
@pytest.mark.parametrize("layer", [None, ttt_mlp, ttt_linear, mamba2, gated_deltanet, sliding_window, full_attention])
def test_all_is_worked_out_where_the_latents_are(layer, still):
    """On a device that is not the default, such as a graphics card."""
    with torch.device("meta"):
        model = VideoTransformer(SHAPE, 20, layer)
    latents = torch.zeros(1, 13 if still is None else 2, 2, 4, 4, device="meta")
    words = torch.zeros(1, 2, 7, dtype=torch.long, device="meta")
    assert model(latents, torch.zeros(1, device="meta"), words, still).device.type == "meta"
