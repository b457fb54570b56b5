"""CLIP from files that open_clip can read: the same rows as open_clip gives by itself, and texts beside them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import open_clip
import pytest
import torch
from evalsuite.metrics import _open_clip
from evalsuite.metrics._open_clip import OPENAI, text_rows
from evalsuite.metrics.models.clip_source import source
from PIL import Image

from evalsuite.errors import WeightsError
from evalsuite.features import extract, extractor
from evalsuite.types import Clip
from tests.metrics.backbone_files import TINY_CLIP, put_clip

TEXTS = ["A fox walks.", "A frog sleeps under a very old and very tall tree by the quiet river at night."]


@pytest.fixture
def clip(weights_folder, tmp_path, monkeypatch):
    """A tiny CLIP where OpenAI's is looked for, and its file."""
    return put_clip(monkeypatch, tmp_path)


@pytest.fixture
def frames() -> Clip:
    coarse = np.random.default_rng(0).integers(0, 256, (5, 6, 9, 3), dtype=np.uint8)
    large = [np.asarray(Image.fromarray(each).resize((360, 240))) for each in coarse]
    return Clip(np.stack(large), np.arange(5) / 2)


def by_itself(frames: Clip) -> np.ndarray:
    """What open_clip itself gives, in float32."""
    from evalsuite import backbones

    file = str(backbones.require(OPENAI))
    model, _, prepare = open_clip.create_model_and_transforms("ViT-B-32-quickgelu", pretrained=file)
    pictures = torch.stack([prepare(Image.fromarray(frame)) for frame in frames.frames])
    with torch.inference_mode():
        return model.eval().encode_image(pictures, normalize=True).numpy()


@pytest.mark.parametrize("name", ["open-clip", f"open-clip:{OPENAI}"])
def test_frames_are_seen_as_open_clip_sees_them(clip, frames, name):
    found = extract([frames], [name])[name]
    assert found.array.shape == (5, TINY_CLIP["embed_dim"])
    assert (found.array * by_itself(frames)).sum(axis=1).min() > 0.999
    assert found.version.endswith(source(OPENAI).revision)


def test_batches_do_not_depend_on_how_frames_are_handed_over(clip, frames):
    parts = [Clip(frames.frames[i : i + 1], frames.seconds[i : i + 1]) for i in range(5)]
    found, whole = (extract(clips, ["open-clip"])["open-clip"].array for clips in (parts, [frames]))
    assert (found * whole).sum(axis=1).min() > 0.9999


def test_texts_are_read_and_what_is_cut_off_is_counted(clip):
    read = text_rows(TEXTS)
    assert read.rows.shape == (2, TINY_CLIP["embed_dim"])
    assert np.linalg.norm(read.rows, axis=1) == pytest.approx(1, abs=1e-2)
    tokens = [open_clip.tokenizer._tokenizer.encode(text) for text in TEXTS]
    assert read.lost == len(tokens[1]) + 2 - TINY_CLIP["text_cfg"]["context_length"]


def test_own_files_and_folders_work_without_being_added(clip, frames, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    shutil.copy(clip, folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY_CLIP, "preprocess_cfg": {}}))
    names = [
        f"open-clip:{folder}",
        f"open-clip:local-dir:{folder}",
        f"open-clip:ViT-B-32-quickgelu@{folder / 'open_clip_model.safetensors'}",
    ]
    expected = by_itself(frames)
    for name, found in extract([frames], names).items():
        assert (found.array * expected).sum(axis=1).min() > 0.999, name
        before = extractor(name).revision
        assert "missing" not in before
    (folder / "open_clip_model.safetensors").write_bytes(b"another")
    assert extractor(names[0]).revision != before


def test_what_is_not_there_is_told_with_what_to_do(weights_folder, frames, tmp_path):
    for argument, said in {
        "ViT-B-32@laion2b_s34b_b79k": "evalsuite weights pull ViT-B-32@laion2b_s34b_b79k",
        "ViT-B-32": "names no weights",
        f"ViT-B-32@{tmp_path}/no.pt": "cannot be loaded",
        f"local-dir:{tmp_path}/no": "cannot be loaded",
    }.items():
        with pytest.raises(WeightsError, match=said):
            extract([frames], [f"open-clip:{argument}"])
    assert extractor(f"open-clip:ViT-B-32@{tmp_path}/no.pt").revision.endswith("missing")


def test_vbench_takes_the_middle_in_float(clip, frames):
    prepared = _open_clip.VBenchClip().prepare(frames.frames).numpy()
    assert prepared.shape == (5, 3, 224, 224)
    pictures = torch.from_numpy(frames.frames).movedim(-1, 1).float()
    large = torch.nn.functional.interpolate(pictures, size=(224, 336), mode="bicubic", align_corners=False)
    mean, spread = (
        np.array(each)[:, None, None] for each in (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD)
    )
    assert prepared == pytest.approx((large[..., 56:280].numpy() / 255 - mean) / spread, abs=1e-4)
