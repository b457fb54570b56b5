"""Names for characters; they say nothing about looks."""

from __future__ import annotations

_SHE = """Mimi Lola Tansy Wren Posy Hattie Nell Dora Etta Flora Greta Ivy Juno Kiki Lumi Maud Nora Opal Petra Romy
Sula Tilly Una Vera Willa Zelda Bibi Coco Dinah Effie Gigi Hana Ida Jolie Lotte Mabel Nina Odette Pia Suki Trudi Yuki"""
_HE = """Pip Otto Rufus Milo Bram Cosmo Dash Eli Fitz Gus Hugo Ivo Jasper Kip Leo Monty Ned Oscar Percy Quill
Remy Sam Toby Ugo Victor Wilf Xavi Yann Zeno Barnaby Clem Denny Ezra Felix Gil Hank Igor Jonah Kasper Linus Moss Nico"""

PRONOUNS = {**dict.fromkeys(_SHE.split(), "she"), **dict.fromkeys(_HE.split(), "he")}
"""Name -> the pronoun that goes with it, in every story."""

NAMES = tuple(sorted(PRONOUNS))
