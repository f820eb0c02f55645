"""Directories that appear whole or not at all."""

import os
import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from scroogevm.errors import MisuseError, OutputError


class StagedDirectory(AbstractContextManager[Path]):
    """A directory filled beside its place and moved there when the block ends well.

    Whatever ends the block otherwise, an interrupt included, leaves the place as it was.

    Args:
        place: where the directory shall be.
        marker: a file that every such directory has: nothing else is ever overwritten.
        overwrite: whether a directory that is there already may be replaced.

    Raises:
        MisuseError: the place is taken.
        OutputError: it cannot be written, the disk is full, or the like.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with StagedDirectory(Path(folder) / "out", marker="m.txt") as staged:
    ...         _ = (staged / "m.txt").write_text("content")
    ...     (Path(folder) / "out" / "m.txt").read_text()
    'content'
    """

    def __init__(self, place: Path, marker: str, *, overwrite: bool = False) -> None:
        self.place = place.absolute()
        self.marker = marker
        self.overwrite = overwrite
        self._staged = self.place.with_name(f".{self.place.name}.{os.getpid()}.part")

    def __enter__(self) -> Path:
        self._refuse_taken()
        try:
            shutil.rmtree(self._staged, ignore_errors=True)
            self._staged.mkdir(parents=True)
        except OSError as error:
            raise self._unwritable(error) from None
        return self._staged

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._move()
        except OSError as problem:
            raise self._unwritable(problem) from None
        finally:
            shutil.rmtree(self._staged, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            raise self._unwritable(error) from None

    def _refuse_taken(self) -> None:
        if not self.place.exists():
            return
        where = str(self.place)
        ours = self.place.is_dir() and (
            (self.place / self.marker).is_file() or not any(self.place.iterdir())
        )
        if not ours:
            raise MisuseError(
                "exists and is not ours to replace",
                where=where,
                remedy=f"choose another place (ours would hold {self.marker})",
            )
        if not self.overwrite and any(self.place.iterdir()):
            raise MisuseError(
                "exists already", where=where, remedy="choose another place or add --force"
            )

    def _move(self) -> None:
        old = self._staged.with_suffix(".old")
        if self.place.exists():
            self.place.rename(old)
        self._staged.rename(self.place)
        shutil.rmtree(old, ignore_errors=True)

    def _unwritable(self, error: OSError) -> OutputError:
        reason = error.strerror or str(error)
        return OutputError(f"cannot be written: {reason}", where=str(self.place))
