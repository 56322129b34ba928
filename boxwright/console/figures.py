"""Numbers, sizes, lengths and times as people read them."""

import datetime
import math
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from boxwright.console import texts

UTC = ZoneInfo("UTC")

DASH = "–"
"""Where there is no value."""

NARROW = "\u202f"
"""Narrow no-break space, between a number and its unit."""

MINUTE, HOUR, DAY = 60, 3600, 86400


def zone_of(name: str) -> ZoneInfo:
    """The zone that a browser names, such as "Asia/Tokyo"; UTC where there is none of that name."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name that is a folder of the zones' files
        return UTC


def number(value: float | None, digits: int = 0, language: str = "") -> str:
    """With so many digits after the point, and grouped before it as the language does: 2,310 is about 2 to many."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:,.{digits}f}".replace(",", texts.languages()[language].digits if language else ",")


def percent(share: float | None, digits: int = 0) -> str:
    """A share of 1."""
    return DASH if share is None or not math.isfinite(share) else f"{100 * share:.{digits}f}{NARROW}%"


def size(count: float | None) -> str:
    """Bytes in decimal units, as disks are sold."""
    if count is None or not math.isfinite(count):
        return DASH
    value = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(value) < 999.5 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f}{NARROW}{unit}" if unit == "B" or abs(value) >= 99.5 else f"{value:.1f}{NARROW}{unit}"


def duration(seconds: float | None) -> str:
    """The two largest units, such as "3 h 12 min"."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    if seconds < 1:
        return f"{1000 * max(0.0, seconds):.0f}{NARROW}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}{NARROW}s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole}{NARROW}s"
    if whole < HOUR:
        return _pair(whole, MINUTE, "min", 1, "s")
    return _pair(whole, HOUR, "h", MINUTE, "min") if whole < DAY else _pair(whole, DAY, "d", HOUR, "h")


def _pair(whole: int, large: int, large_unit: str, small: int, small_unit: str) -> str:
    first, rest = divmod(whole, large)
    second = rest // small
    told = f"{first}{NARROW}{large_unit}"
    return f"{told} {second}{NARROW}{small_unit}" if second else told


def moment(text: str) -> datetime.datetime | None:
    """RFC 3339 as a time; None for an empty text."""
    return datetime.datetime.fromisoformat(text) if text else None


def clock(text: str, zone: ZoneInfo, language: str, *, seconds: bool = False) -> str:
    """RFC 3339 as date and time of day in a zone, such as "22 Nov 2026 15:35"."""
    when = moment(text)
    if when is None:
        return DASH
    local = when.astimezone(zone)
    known = texts.languages()[language]
    date = known.date.format(day=local.day, month=known.months[local.month - 1], year=local.year)
    return f"{date} {local:%H:%M:%S}" if seconds else f"{date} {local:%H:%M}"
