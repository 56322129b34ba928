"""A growing file of lines, read as it is written: each reading gives what is new, and tells when to begin again."""

from contextlib import suppress

from boxwright import files

CHUNK = 4 * 2**20
"""Bytes read at once; a longer line is passed over."""

REMEMBERED = 512
"""Bytes before the place of the next reading, which must still be there: else the file is another one."""


class EventFile:
    """The events.jsonl of a job, or another file of lines that only grows until it is replaced.

    A run that is resumed replaces the file by a shorter one, and may have written more to it before anybody looks: so
    the last bytes that were read are compared at each reading, which holds for local and for remote files alike.

    Args:
        places: paths or URLs of the file and of copies of it, of which the longest is read: where a job with a remote
            folder runs on this machine, its local copy is ahead.

    Attributes:
        generation: how often the file was found to be another one; what was read before is then void.
    """

    def __init__(self, *places: str) -> None:
        self.generation = 0
        self._places = places
        self._offset = 0
        self._before = b""

    def read(self) -> list[bytes]:
        """The next whole lines without their ends; none where there is nothing new. Look at `generation` afterwards.

        Raises:
            OSError: the file is there and cannot be read.
        """
        place, size = self._longest()
        if size < self._offset:
            self._begin_again()
        if size == self._offset == 0:
            return []
        data = self._following(place)
        if data is None:
            self._begin_again()
            data = self._following(place) or b""
        end = data.rfind(b"\n") + 1
        if not end and len(data) == CHUNK:
            end = CHUNK  # a line without an end in sight: passed over
        self._offset += end
        self._before = (self._before + data[:end])[-REMEMBERED:]
        return data[:end].split(b"\n")[:-1]

    def _begin_again(self) -> None:
        self.generation += 1
        self._offset, self._before = 0, b""

    def _following(self, place: str) -> bytes | None:
        """Bytes from the present place on; None where those before it are not the ones that were read."""
        start = self._offset - len(self._before)
        try:
            data = files.read_range(place, start, len(self._before) + CHUNK)
        except FileNotFoundError:
            return None if self._offset else b""
        return data[len(self._before) :] if data.startswith(self._before) else None

    def _longest(self) -> tuple[str, int]:
        """The place to read from, and its size in bytes; 0 where there is no file."""
        sizes = dict.fromkeys(self._places, 0)
        for place in self._places:
            with suppress(FileNotFoundError):
                sizes[place] = files.size(place)
        return max(sizes.items(), key=lambda one: one[1])
