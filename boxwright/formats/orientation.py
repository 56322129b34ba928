"""Boxes drawn on a picture that a viewer had rotated, mapped into the picture as it is stored.

A camera may store a picture lying on its side with an EXIF orientation of 5 to 8, which viewers apply. A labelling
tool that did so states the rotated size and boxes of the rotated view. Boxwright never rotates the picture; it maps
such boxes back. Orientations 2 to 4 keep the size, so it cannot be known whether the tool applied them: nothing is
done then.
"""

import numpy as np
from numpy.typing import NDArray

from boxwright.imaging import PictureHeader

_SIDEWAYS = (5, 6, 7, 8)
_FROM_RIGHT = (7, 8)
_FROM_BOTTOM = (6, 7)


def drawn_on_rotated(stated: tuple[int, int], header: PictureHeader) -> bool:
    """True where the stated (width, height) is that of the rotated view and not of the stored picture."""
    stored = (header.width, header.height)
    return header.orientation in _SIDEWAYS and stated != stored and stated == stored[::-1]


def to_stored(boxes: NDArray[np.float32], header: PictureHeader) -> NDArray[np.float32]:
    """Map xyxy boxes (N, 4) from pixels of the rotated view to pixels of the stored picture.

    Meaning of the orientations (EXIF 2.32, tag 0x0112): shown at the top / left of the view is the stored
    left / top (5), left / bottom (6), right / bottom (7), right / top (8).
    """
    top, left = header.width, header.height
    xmin, ymin, xmax, ymax = boxes.T
    if header.orientation in _FROM_RIGHT:
        ymin, ymax = top - ymax, top - ymin
    if header.orientation in _FROM_BOTTOM:
        xmin, xmax = left - xmax, left - xmin
    return np.stack([ymin, xmin, ymax, xmax], axis=1).astype(np.float32)
