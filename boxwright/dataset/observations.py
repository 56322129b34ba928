"""What the data doctor sees in a data set beside faulty boxes."""

from boxwright.spec.knob import Frozen


class Histogram(Frozen):
    """Counts below the first edge, from each edge (inclusive) up to the next, and from the last edge on."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class SizeCount(Frozen):
    """How many pictures are stored with this size in pixels."""

    width: int
    height: int
    pictures: int


class PictureNote(Frozen):
    """A remark on one picture: its 0-based sample, its source, and what is odd about it."""

    sample: int
    source: str
    note: str


class Observations(Frozen):
    """Pictures and boxes in numbers.

    Attributes:
        picture_sizes: stored sizes, the most frequent first.
        formats: pictures by format (JPEG, PNG, GIF, BMP).
        rotated: pictures with an EXIF orientation other than upright.
        misnamed: pictures whose file name belongs to another format.
        not_rgb: pictures that do not have three channels: grey ones, and those with alpha or CMYK.
        resized: pictures whose stated size is not their own.
        duplicates: groups of samples (0-based) whose pictures are equal byte for byte.
        near_duplicates: groups of samples whose pictures are alike though their bytes differ.
        crowd_boxes: kept boxes around groups of objects.
        coco_sizes: boxes by COCO's small, medium and large: square root of the area in pixels, edges 32 and 96.
        box_sides: boxes by square root of the area in pixels.
        box_shares: boxes by square root of their share of the picture's area.
        aspects: boxes by width / height.
        boxes_a_picture: pictures by their number of boxes.
    """

    picture_sizes: tuple[SizeCount, ...]
    formats: dict[str, int]
    rotated: tuple[PictureNote, ...]
    misnamed: tuple[PictureNote, ...]
    not_rgb: tuple[PictureNote, ...]
    resized: tuple[PictureNote, ...]
    duplicates: tuple[tuple[int, ...], ...]
    near_duplicates: tuple[tuple[int, ...], ...]
    crowd_boxes: int
    coco_sizes: Histogram
    box_sides: Histogram
    box_shares: Histogram
    aspects: Histogram
    boxes_a_picture: Histogram
