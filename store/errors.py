"""The tree of errors. Every message names the thing, the value and the remedy.

    AislemapError                exit 1   anything below, caught in one place
    ├── InputError               exit 3   what the user gave cannot be used
    │   ├── CatalogueError                the catalogue file, its columns or its images
    │   └── ConfigError                   aislemap.toml or an option
    ├── StoreError               exit 5   the store cannot be used
    │   ├── StoreMissing                  no store there, or nothing published yet
    │   ├── SnapshotNotFound              no snapshot of that number
    │   ├── StoreDamaged                  a file is missing or is not what was written
    │   └── StoreBusy            exit 4   another writer holds the store (it is named)
    ├── SchedulerBusy            exit 4   another scheduler runs the jobs of this configuration
    ├── MethodUnavailable        exit 6   a method's weights cannot be had (the message holds the remedy)
    ├── StepFailed               exit 6   a step broke, was killed, or ran over its memory limit
    └── QueryError               exit 7   a SQL question that cannot be answered

Exit 0 is success, 2 is a wrong command line (the parser's own code).
"""


class AislemapError(Exception):
    """Base of every error that aislemap raises on purpose."""

    exit_code = 1


class InputError(AislemapError):
    """What the user gave cannot be used."""

    exit_code = 3


class CatalogueError(InputError):
    """The catalogue file, its columns or its folder of images cannot be used."""


class ConfigError(InputError):
    """A setting in aislemap.toml, or an option, cannot be used."""


class StoreError(AislemapError):
    """The store cannot be used."""

    exit_code = 5


class StoreMissing(StoreError):
    """There is no store at that place, or nothing was published in it yet."""


class SnapshotNotFound(StoreError):
    """The store has no snapshot of that number."""


class StoreDamaged(StoreError):
    """A file of the store is missing or is not what was written."""


class StoreBusy(StoreError):
    """Another writer holds the store."""

    exit_code = 4


class SchedulerBusy(AislemapError):
    """Another scheduler runs the jobs of this configuration."""

    exit_code = 4


class MethodUnavailable(AislemapError):
    """A method's weights or packages cannot be had. `remedy` says what to do."""

    exit_code = 6

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} {remedy}")
        self.reason, self.remedy = reason, remedy

    # so that it crosses process borders with both parts
    def __reduce__(self) -> tuple[type["MethodUnavailable"], tuple[str, str]]:
        return type(self), (self.reason, self.remedy)


class StepFailed(AislemapError):
    """A step broke, was killed, or ran over its memory limit."""

    exit_code = 6


class QueryError(AislemapError):
    """A SQL question that cannot be answered."""

    exit_code = 7
