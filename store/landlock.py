"""Take from this process, for good, the right to change any file, to run a program and to open a TCP connection.

By Landlock of Linux 5.13 and later, which asks for no rights of its own (https://docs.kernel.org/userspace-api/landlock.html).
What is open already, as a pipe to the parent, can still be written to; files can still be read.
"""

import ctypes
import os
import sys

CREATE_RULESET, RESTRICT_SELF = 444, 446
"""Numbers of the system calls, the same on every architecture that Python runs on."""
NO_NEW_PRIVILEGES = 38
"""Of prctl: without it only root may restrict itself."""
VERSION = 1
"""The flag by which the kernel says its version of Landlock."""
RUN, WRITE, REMOVE_AND_MAKE, REFER, TRUNCATE = 1 << 0, 1 << 1, 0b1_1111_1111 << 4, 1 << 13, 1 << 14
"""Rights on files. All but to run a program, and to read."""
BIND, CONNECT = 1 << 0, 1 << 1
"""Rights on TCP."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64))


def version() -> int:
    """The version of the kernel's Landlock; 0 where it has none."""
    return max(0, _call(CREATE_RULESET, None, 0, VERSION)) if sys.platform == "linux" else 0


def change_nothing() -> bool:
    """Give up these rights in this thread and all that it starts; False, and nothing is given up, without Landlock.

    A file can be cut off through its name before version 3 (Linux 6.2), and TCP is left before version 4 (Linux 6.7).
    OSError where the kernel refuses.
    """
    found = version()
    if not found:
        return False
    files = RUN | WRITE | REMOVE_AND_MAKE | (REFER if found > 1 else 0) | (TRUNCATE if found > 2 else 0)
    asked = _Ruleset(files, BIND | CONNECT)
    ruleset = _call(CREATE_RULESET, ctypes.byref(asked), ctypes.sizeof(asked) if found > 3 else 8, 0)
    try:
        if ruleset < 0 or ctypes.CDLL(None).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or _call(RESTRICT_SELF, ruleset, 0):
            raise OSError(f"Landlock {found} refused: {os.strerror(ctypes.get_errno())}.")
    finally:
        if ruleset >= 0:
            os.close(ruleset)
    return True


def _call(number: int, *arguments: object) -> int:
    """A system call; its answer is below 0 where it fails."""
    whole = (ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)  # as wide as a register
    return int(ctypes.CDLL(None, use_errno=True).syscall(number, *whole))
