"""When a job is due: its cron expression in its time zone, over the changes of summer time.

APScheduler finds the next time of an expression. It is asked in wall-clock time only: with a time zone it gives the
repeated hour of autumn twice and then does not leave it (3.11.3).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingestion.jobs import Job
from store.errors import ConfigError

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
RANGES = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 7)}
"""The fields of a cron expression, in order, with their least and greatest number; Sunday is 0 and 7."""
NAMES = {
    "month": {name: number for number, name in enumerate(MONTHS, 1)},
    "weekday": {name: number for number, name in enumerate(DAYS)},
}
LONGEST_SHIFT = timedelta(hours=3)
"""More than any change of summer time moves the clocks."""
PART = re.compile(r"(?:\*|(?P<first>\d+|[a-z]{3})(?:-(?P<last>\d+|[a-z]{3}))?)(?:/(?P<step>[1-9]\d*))?")


@dataclass(frozen=True)
class Times:
    """The times of a cron expression. `numbers` holds those of each field of `RANGES`, None for '*'."""

    expression: str
    zone: ZoneInfo
    numbers: dict[str, tuple[int, ...] | None]

    def following(self, after: datetime) -> datetime | None:
        """The first time after a moment, in UTC; None if none comes any more."""
        every_hour = self.expression.split()[1].startswith("*")
        return self._by_distance(after) if every_hour else self._by_clock(after)

    def _by_clock(self, after: datetime) -> datetime | None:
        """Each wall-clock time once: a repeated one the first time, one left out as much later as clocks are moved."""
        wall: datetime | None = after.astimezone(self.zone).replace(tzinfo=None) - LONGEST_SHIFT
        while wall is not None and (wall := self._wall(wall)):
            if (found := wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC)) > after:
                return found
        return None

    def _by_distance(self, after: datetime) -> datetime | None:
        """With every hour: a repeated hour has its runs too, and the hour left out has none."""
        offset = self._offset(after)
        found = self._at_offset(after, offset)
        if found is None or self._offset(found) == offset:
            return found
        offset = self._offset(found)  # the clocks are moved before it
        found = self._at_offset(after, offset)
        while found and self._offset(found) != offset:
            found = self._at_offset(found, offset)
        return found

    def _at_offset(self, after: datetime, offset: timedelta) -> datetime | None:
        wall = self._wall((after + offset).replace(tzinfo=None))
        return wall.replace(tzinfo=UTC) - offset if wall else None

    def _offset(self, moment: datetime) -> timedelta:
        return moment.astimezone(self.zone).utcoffset() or timedelta(0)

    def _wall(self, after: datetime) -> datetime | None:
        """The first wall-clock time after another; neither has a zone."""
        start = after.replace(tzinfo=UTC) + timedelta(microseconds=1)
        found = self._trigger.get_next_fire_time(None, start)
        return found.replace(tzinfo=None) if found else None

    @cached_property
    def _trigger(self) -> Any:
        from apscheduler.triggers.cron import CronTrigger

        fields = {
            name: "*" if numbers is None else ",".join(map(str, numbers))
            for name, numbers in self.numbers.items()
            if name != "weekday"
        }
        days = self.numbers["weekday"]
        named = "*" if days is None else ",".join(DAYS[day] for day in days)  # APScheduler counts them from Monday
        return CronTrigger(**fields, day_of_week=named, timezone=UTC)


def times(job: Job) -> Times | None:
    """The times of a job; None for one that has no cron. ConfigError for an invalid expression or time zone."""
    if job.cron is None:
        return None
    try:
        found = _parsed(job.cron, ZoneInfo(job.timezone))
        if found.following(datetime.now(UTC)) is None:
            raise ValueError("such a time never comes")
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise ConfigError(
            f"The job {job.name!r} has an invalid time: {job.cron!r} in {job.timezone!r} ({error}). Write it as "
            "'minute hour day month weekday' in a zone such as 'Europe/Paris'."
        ) from error
    return found


def _parsed(expression: str, zone: ZoneInfo) -> Times:
    fields = expression.lower().split()
    if len(fields) != len(RANGES):
        raise ValueError(f"it has {len(fields)} fields, not 5")
    found = {name: numbers(name, field) for name, field in zip(RANGES, fields, strict=True)}
    if found["day"] and found["weekday"]:
        raise ValueError("it names days of the month and of the week; make one of them *, and two jobs if need be")
    return Times(expression, zone, found)


def numbers(name: str, field: str) -> tuple[int, ...] | None:
    """The numbers that a field of a cron expression stands for, sorted; None for '*'. ValueError for a wrong field."""
    if field == "*":
        return None
    low, high = RANGES[name]
    found: set[int] = set()
    for part in field.split(","):
        if not (match := PART.fullmatch(part)):
            raise ValueError(f"{part!r} is no {name}")
        first, last, step = match["first"], match["last"], int(match["step"] or 1)
        greatest = 6 if name == "weekday" else high  # a range that ends by itself counts Sunday once
        start = low if first is None else _number(name, first)
        end = _number(name, last) if last else greatest if first is None or match["step"] else start
        if not low <= start <= high or not low <= end <= high:
            raise ValueError(f"{part!r} is not within {low}-{high}, as a {name} is")
        if start > end:
            raise ValueError(f"the range {part} runs backwards")
        found |= {number % 7 if name == "weekday" else number for number in range(start, end + 1, step)}
    return tuple(sorted(found))


def _number(name: str, text: str) -> int:
    if text.isdigit():
        return int(text)
    if text not in NAMES.get(name, {}):
        raise ValueError(f"{text!r} is no {name}")
    return NAMES[name][text]
