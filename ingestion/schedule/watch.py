"""A watched folder: says when its files have changed and then stayed the same for a while.

It is looked at, not subscribed to: notifications do not come over network file systems, where uploads often go.
"""

import logging
import os
import threading
import time
from pathlib import Path

SLOWEST = 20
"""A look may take a twentieth of the time at most: a folder of a million images is looked at less often."""
log = logging.getLogger(__name__)


class Watch:
    """What is known of a folder. `since` is the last run, in seconds since 1970: newer files are a change already."""

    def __init__(self, folder: Path, quiet: float, store: Path, since: float | None = None) -> None:
        self.folder, self.quiet, self.store, self.since = folder, quiet, store.resolve(), since
        self._settled: tuple[int, int] | None = None
        self._latest: tuple[int, int] | None = None
        self._changed = 0.0

    def look(self, now: float) -> bool:
        """Whether a change is complete, once for each; `now` is in seconds of any clock. OSError without a folder."""
        seen, newest = self._scan()
        if self._latest is None:
            known = self.since is not None and newest <= self.since
            self._settled = seen if known else (0, 0)
        if seen != self._latest:
            self._latest, self._changed = seen, now
        if self._latest != self._settled and now - self._changed >= self.quiet:
            self._settled = self._latest
            return True
        return False

    def _scan(self) -> tuple[tuple[int, int], float]:
        """The number of files with a sum of hashes of path, size and time, and when the newest was written.

        The store is left out: a run would be a change.
        """
        count, total, newest = 0, 0, 0.0
        folders = [str(self.folder)]
        while folders:
            try:
                folder = folders.pop()
                entries = list(os.scandir(folder))
                newest = max(newest, Path(folder).stat().st_mtime)  # of the last file added or removed
            except OSError:
                if not self.folder.is_dir():
                    raise
                continue  # a folder that was removed meanwhile, or cannot be read
            for entry in entries:
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if Path(entry.path).resolve() != self.store:
                            folders.append(entry.path)
                        continue
                    stat = entry.stat()
                except OSError:
                    continue  # gone meanwhile: the next look sees the rest
                count += 1
                total = (total + hash((entry.path, stat.st_size, stat.st_mtime_ns, stat.st_ino))) % 2**64
                newest = max(newest, stat.st_mtime, stat.st_ctime)  # a file that is moved in keeps its mtime
        return (count, total), newest


class Watcher:
    """A thread that looks at a folder, so that a slow file system holds nothing else up."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self._changed, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._look_on, name=f"watch {watch.folder}", daemon=True)
        self._thread.start()

    def changed(self) -> bool:
        """Whether a change is complete, once for each."""
        if self._changed.is_set():
            self._changed.clear()
            return True
        return False

    def close(self) -> None:
        """Look no more. Does not wait: the file system may hang."""
        self._stop.set()

    def _look_on(self) -> None:
        wait, absent = 0.0, False
        while not self._stop.wait(wait):
            started = time.monotonic()
            try:
                if self.watch.look(started):
                    self._changed.set()
                absent = False
            except OSError as error:
                if not absent:
                    log.warning("The watched folder %s cannot be read: %s", self.watch.folder, error.strerror or error)
                absent = True
            wait = max(min(1.0, self.watch.quiet / 4), SLOWEST * (time.monotonic() - started))
