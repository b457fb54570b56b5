"""What the documents show works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalsuite import contract

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("name", ["adding-a-baseline", "adding-a-metric"])
def test_the_complete_file_keeps_its_contract(tmp_path, name):
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / f"{name}.md").read_text(), flags=re.S)
    (tmp_path / "mine.py").write_text(code)
    assert "keeps the contract" in contract.check_plugin(str(tmp_path / "mine.py"))


def test_links_lead_somewhere():
    for page in (DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md", *DOCS.glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)
