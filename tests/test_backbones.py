"""Copies of public weights: only what is what it should be gets in, and only what is unchanged gets out."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evalsuite import backbones
from evalsuite.cli import app
from evalsuite.errors import WeightsError

CONTENT = bytes(range(256)) * 10_000
SUM = hashlib.sha256(CONTENT).hexdigest()
NAME = "raft-small"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "fetched.bin").write_bytes(CONTENT)
    return tmp_path / "fetched.bin"


@pytest.fixture
def hub() -> Iterator[str]:
    """The address of a small hub: /whole has the content, /short breaks off, /silent is not there."""

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in ("/whole", "/short") else 404)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT if self.path == "/whole" else CONTENT[:1000])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def told(monkeypatch: pytest.MonkeyPatch, **fields: str) -> None:
    """Change what the table says of `NAME`."""
    monkeypatch.setitem(backbones.known(), NAME, dataclasses.replace(backbones.known()[NAME], **fields))


def nothing(*_: object) -> None:
    """Nobody looks at the progress."""


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*") if path.name != "sha256sums.txt"]


def test_the_table_can_be_used():
    files = [each.file for each in backbones.known().values()]
    assert len(set(files)) == len(files)
    for each in backbones.known().values():
        assert each.url.startswith("https://")
        assert Path(each.file).name == each.file
        assert set(each.sha256) <= set("0123456789abcdef")
        assert each.purpose
        assert each.licence


@pytest.mark.parametrize("name", [name for name in backbones.known() if "@" in name])
def test_the_tables_clips_are_those_of_open_clip(name):
    derived = backbones._of_open_clip(*name.split("@"))
    assert (derived.file, derived.url) == (backbones.known()[name].file, backbones.known()[name].url)


def test_any_network_of_open_clip_has_an_address():
    found = backbones.backbone("ViT-L-14@datacomp_xl_s13b_b90k")
    assert found.url.endswith("/laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K/resolve/main/open_clip_model.safetensors")
    with pytest.raises(WeightsError, match="knows no weights"):
        backbones.backbone("ViT-L-14@nobodys")


def test_a_file_that_is_added_is_there_with_its_sum(weights_folder, file, monkeypatch):
    told(monkeypatch, sha256="")
    assert backbones.revision(NAME) == "missing"
    with pytest.raises(WeightsError, match=f"evalsuite weights pull {NAME}"):
        backbones.require(NAME)
    backbones.add(file, NAME)
    assert backbones.require(NAME).read_bytes() == CONTENT
    assert backbones.revision(NAME) == SUM[:12]
    backbones.require(NAME).unlink()
    assert backbones.revision(NAME) == "missing"


@pytest.mark.parametrize("known", [SUM, SUM[:8]])
def test_a_known_sum_or_its_beginning_is_kept_to(weights_folder, file, monkeypatch, known):
    told(monkeypatch, sha256=known)
    backbones.add(file, NAME)
    file.write_bytes(CONTENT[1:])
    with pytest.raises(WeightsError, match="should begin with"):
        backbones.add(file, NAME)
    assert backbones.require(NAME).read_bytes() == CONTENT


def test_the_first_copy_sets_a_sum_that_nobody_told(weights_folder, file, monkeypatch):
    told(monkeypatch, sha256="")
    backbones.add(file, NAME)
    file.write_bytes(CONTENT[1:])
    with pytest.raises(WeightsError, match=f"{SUM[:12]}.* say --replace"):
        backbones.add(file, NAME)
    assert backbones.add(file, NAME, replace=True).unchanged
    assert backbones.require(NAME).read_bytes() == CONTENT[1:]


def test_a_sum_that_was_told_is_kept_to_whatever_is_asked(weights_folder, file, monkeypatch):
    told(monkeypatch, sha256=SUM)
    file.write_bytes(CONTENT[1:])
    with pytest.raises(WeightsError, match="should begin with"):
        backbones.add(file, NAME, replace=True)


def test_a_copy_that_changed_is_not_used(weights_folder, file, monkeypatch):
    told(monkeypatch, sha256="")
    path = backbones.add(file, NAME).path
    path.write_bytes(CONTENT[1:])
    with pytest.raises(WeightsError, match="changed since"):
        backbones.require(NAME)


def test_a_file_is_known_by_its_own_name_alone(weights_folder, file):
    with pytest.raises(WeightsError, match="--name"):
        backbones.add(file)
    with pytest.raises(WeightsError, match="no file"):
        backbones.add(file.with_name("nowhere"))
    named = file.rename(file.with_name("dino_vitbase16_pretrain.pth"))
    assert backbones.add(named).name == "dino-vitb16"


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "a/b@c", "..@.."])
def test_no_name_is_a_path(name):
    with pytest.raises(WeightsError):
        backbones.backbone(name)


def test_what_is_pulled_is_whole_and_told_of(weights_folder, hub, monkeypatch):
    told(monkeypatch, sha256=SUM, url=f"{hub}/whole")
    steps: list[tuple[int, int]] = []
    backbones.pull(NAME, lambda done, total, said: steps.append((done, total)))
    assert backbones.require(NAME).read_bytes() == CONTENT
    assert steps[-1] == (3, 3)
    assert steps == sorted(steps)
    told(monkeypatch, url="http://127.0.0.1:9/nobody")
    assert backbones.pull(NAME, nothing).there  # and so nobody is asked again


@pytest.mark.parametrize(("page", "fields", "said"), [
    ("short", {}, "1000 of 2560000 bytes"),
    ("missing", {}, "Not Found"),
    ("whole", {"sha256": "0" * 64}, "should begin with 000"),
])  # fmt: skip
def test_what_goes_wrong_leaves_nothing(weights_folder, hub, monkeypatch, page, fields, said):
    told(monkeypatch, **{"sha256": SUM, "url": f"{hub}/{page}", **fields})
    with pytest.raises(WeightsError, match=said):
        backbones.pull(NAME, nothing)
    assert not left_over(weights_folder)


def test_without_a_network_it_says_what_to_do(weights_folder, monkeypatch):
    told(monkeypatch, url="http://127.0.0.1:9/nobody")
    with pytest.raises(WeightsError, match=f"cannot be fetched.*evalsuite weights add FILE --name {NAME}"):
        backbones.pull(NAME, nothing)


def test_the_command_line_adds_and_lists(weights_folder, file, monkeypatch):
    told(monkeypatch, sha256=SUM)
    run = CliRunner().invoke
    assert SUM[:12] not in run(app, ["weights", "list"]).stdout
    added = run(app, ["weights", "add", str(file), "--name", NAME])
    assert added.exit_code == 0
    assert "as it should be" in added.stderr
    (line,) = [line for line in run(app, ["weights", "list"]).stdout.splitlines() if line.startswith(NAME)]
    assert SUM[:12] in line


@pytest.mark.parametrize(("megabytes", "asked"), [(4, True), (None, False)])
def test_a_file_of_another_size_is_asked_about_where_nobody_told_its_sum(
    weights_folder, file, monkeypatch, megabytes, asked
):
    told(monkeypatch, sha256="", megabytes=megabytes)
    added = CliRunner().invoke(app, ["weights", "add", str(file), "--name", NAME])
    assert added.exit_code == 0
    assert ("is it the right one?" in added.stderr) == asked
