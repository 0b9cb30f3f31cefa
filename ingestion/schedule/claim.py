"""One scheduler for a configuration: a lock on the file itself, which goes with the process, however that ends."""

import fcntl
import logging
import os
from pathlib import Path

from ingestion.schedule.health import holder
from store.errors import ConfigError, SchedulerBusy

log = logging.getLogger(__name__)


class Claim:
    """The lock, held until `close`. SchedulerBusy if another scheduler has it; ConfigError without such a file."""

    def __init__(self, configuration: Path, health: Path | None) -> None:
        self.configuration, self.health = configuration, health
        self._descriptor = self._lock()

    def renew(self) -> None:
        """Lock the file that is there now, as an editor may have put a new one in its place. Raises as the class."""
        if os.fstat(self._descriptor).st_ino != self.configuration.stat().st_ino:
            new = self._lock()
            self.close()
            self._descriptor = new

    def close(self) -> None:
        """Release the lock."""
        os.close(self._descriptor)

    def _lock(self) -> int:
        try:
            descriptor = os.open(self.configuration, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise ConfigError(
                f"The configuration {self.configuration} cannot be read ({error.strerror}); check the path."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise SchedulerBusy(
                f"The jobs of {self.configuration} are run by another scheduler already ({holder(self.health)}); "
                "stop that one, or give this one a configuration of its own."
            ) from None
        except OSError as error:  # some network file systems lock only what is open for writing
            log.warning("%s cannot be locked (%s): a second scheduler would not notice.", self.configuration, error)
        return descriptor
