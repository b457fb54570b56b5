"""Generic faults that pictures may have, so that evaluators look past them.

None is made as the audit makes damage, but two are of a kind with some of it: `blur`, and light that changes.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

from evalsuite.types import Frame


def worsened(frame: Frame, luck: torch.Generator) -> Frame:
    """Seven of eight frames are blurred, shrunk, noisy, lighter or darker, or badly compressed, by chance."""
    chance = torch.rand(6, generator=luck).tolist()
    if chance[0] < 0.3:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), 0.3 + 1.2 * chance[1]), dtype=np.uint8)
    if chance[1] < 0.25:
        half = cv2.resize(frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        size = (frame.shape[1], frame.shape[0])
        frame = np.asarray(cv2.resize(half, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    if chance[2] < 0.4:
        noise = torch.randn(*frame.shape, generator=luck).numpy() * 20 * chance[3]
        frame = np.clip(frame + noise, 0, 255).astype(np.uint8)
    if chance[4] < 0.4:
        _, packed = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, int(15 + 200 * chance[4])])
        frame = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)
    if chance[5] < 0.3:
        frame = np.clip(frame * (0.85 + chance[5]), 0, 255).astype(np.uint8)
    return frame
