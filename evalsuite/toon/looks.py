"""The colours of the cartoon: coats, accessories, and how a colour is mixed, turned or seen by night.

A colour is an integer 0xAARRGGBB, as skia takes it.
"""

from __future__ import annotations

import colorsys
from functools import lru_cache

OUTLINE = 0xFF2A2233
WHITE = 0xFFFFFFFF
CREAM = 0xFFFFF3DC
BLACK = 0xFF1B1722
NOSE_PINK = 0xFFF08CA0
TONGUE = 0xFFE5484D

PAINTS = {
    "red": 0xFFE23B3B,
    "orange": 0xFFF58A1F,
    "yellow": 0xFFFFD22E,
    "green": 0xFF3FB24F,
    "blue": 0xFF3478E5,
    "purple": 0xFF8E4CC9,
    "pink": 0xFFFF86B9,
    "brown": 0xFF94603A,
}

ACCESSORY_COLOURS = {
    "hat": ("blue", "yellow", ("blue", "purple", "green")),
    "scarf": ("red", "yellow", ("red", "orange", "pink", "brown")),
    "bow": ("pink", "blue", ("pink", "red", "purple")),
    "backpack": ("green", "red", ("green", "blue")),
    "crown": ("yellow", "yellow", ()),
    "glasses": ("red", "blue", ("red", "orange", "pink", "brown")),
}


def accessory_colour(accessory: str, coat: str) -> int:
    """The accessory's own colour, or its second one where the first would be lost on such a coat."""
    first, second, lost_on = ACCESSORY_COLOURS[accessory]
    return PAINTS[second if coat in lost_on else first]


def channels(colour: int) -> tuple[int, int, int]:
    """Red, green and blue, each 0 - 255."""
    return (colour >> 16) & 255, (colour >> 8) & 255, colour & 255


def from_channels(red: float, green: float, blue: float, alpha: int = 255) -> int:
    """The colour of red, green and blue, each 0 - 255."""
    return (alpha << 24) | (round(red) << 16) | (round(green) << 8) | round(blue)


@lru_cache(maxsize=4096)
def mix(colour: int, other: int, share: float) -> int:
    """`colour` with `share` (0 - 1) of it replaced by `other`; the alpha of `colour` stays."""
    pairs = zip(channels(colour), channels(other), strict=True)
    red, green, blue = (own + (new - own) * share for own, new in pairs)
    return from_channels(red, green, blue, colour >> 24)


def lighter(colour: int, share: float = 0.5) -> int:
    """`colour` mixed with white."""
    return mix(colour, WHITE, share)


def darker(colour: int, share: float = 0.25) -> int:
    """`colour` mixed with the dark of the outlines."""
    return mix(colour, OUTLINE, share)


def glassy(colour: int, alpha: int) -> int:
    """`colour` seen through, alpha 0 - 255."""
    return (colour & 0x00FFFFFF) | (alpha << 24)


def by_night(colour: int) -> int:
    """How `colour` looks outdoors under the moon."""
    red, green, blue = channels(colour)
    return from_channels(red * 0.40 + 8, green * 0.46 + 12, blue * 0.58 + 34, colour >> 24)


def by_lamp(colour: int) -> int:
    """How `colour` looks indoors by lamp light."""
    red, green, blue = channels(colour)
    return from_channels(red * 0.62 + 14, green * 0.54 + 8, blue * 0.56 + 22, colour >> 24)


def turned(colour: int, degrees: float) -> int:
    """`colour` with its hue turned; saturation and value stay."""
    red, green, blue = (channel / 255 for channel in channels(colour))
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    red, green, blue = colorsys.hsv_to_rgb((hue + degrees / 360) % 1.0, saturation, value)
    return from_channels(255 * red, 255 * green, 255 * blue, colour >> 24)
