"""Stories that say again who is who."""

from __future__ import annotations

import pytest
from evalsuite.baselines.training.reminding import reminded

from evalsuite.toon.script import episode, storyboard


def test_a_name_is_introduced_again_in_the_words_of_its_first_mention():
    story = [
        "On the left Mimi, a red fox with a hat, waves. Otto, a blue bear, sits.",
        "Mimi's ball rolls away; Mimi runs. Mimi stops.",
        "Otto, a blue bear wearing a crown, and Mimi dance.",
        "Nobody is here.",
    ]
    assert reminded(story) == [
        story[0],
        "Mimi's ball rolls away; Mimi, a red fox with a hat, runs. Mimi stops.",
        "Otto, a blue bear wearing a crown, and Mimi, a red fox with a hat, dance.",
        story[3],
    ]


@pytest.mark.parametrize("index", range(20))
def test_all_looks_of_the_world_are_told_in_every_segment_that_names_someone(index):
    story = episode("dev", 10, index)
    told = storyboard(story)
    for segment, text in zip(told.segments, reminded([one.text for one in told.segments]), strict=True):
        for character in story.characters:
            if character.id in segment.present and character.name in segment.text.replace(f"{character.name}'s", ""):
                look = character.look
                introduction = text.partition(f"{character.name}, a")[2].partition(",")[0]
                assert all(word in introduction for word in (look.species, look.colour, look.accessory)), text
