"""The exception tree of epochal.

    EpochalError
    +-- UsageError (ValueError)             a wrong argument; raised at the call
    |   +-- FilterError                     a filter expression that cannot be read
    |   +-- RunExists, RunMissing           resume="never" / resume="must" against what is there
    |   +-- ConfigLocked                    a config key changed without allow_val_change=True
    +-- EnvironmentFault                    no server, no disk, no permission: retried or degraded
    |   +-- TransportError                  a request did not reach the server, or its answer did not reach us
    |   +-- Refused                         the server understood and said no (status, code)
    |   +-- StoreLocked                     another server writes to this data directory
    |   +-- StoreFull                       no space left for new points; reading goes on
    |   +-- StoreClosed                     the store was closed, or went read-only after a failed write
    +-- DataError                           bytes that are not what they should be; reading goes on after them
    |   +-- CorruptRecord                   a damaged journal record (path or writer, offset)
    |   +-- CorruptBlock                    a damaged block, frame or bundle
    +-- NotFound                            no such entity, project, run, writer
    +-- Forbidden                           the principal may not do that
    +-- Conflict                            the state of the object does not allow that
        +-- OffsetGap                       journal bytes that begin after what the store has
        +-- RunDeleted                      the run was deleted for ever

After ``init`` has returned, environment faults and data errors never reach the training script: they are counted,
warned about once and reported by ``finish``. The server maps this tree to statuses in one place (``server/app.py``).
"""

from __future__ import annotations


class EpochalError(Exception):
    """Base of every error that epochal raises on purpose."""


class UsageError(EpochalError, ValueError):
    """A wrong argument, raised at the call that passed it."""


class FilterError(UsageError):
    """A filter expression that cannot be read; the fault is `length` characters from `position` on (0: at the end)."""

    def __init__(self, message: str, position: int = 0, length: int = 0) -> None:
        super().__init__(message)
        self.position = position
        self.length = length


class RunExists(UsageError):
    """``resume="never"`` names a run that exists."""


class RunMissing(UsageError):
    """``resume="must"`` names a run that does not exist."""


class ConfigLocked(UsageError):
    """A config key was given a second value without ``allow_val_change=True``."""


class EnvironmentFault(EpochalError):
    """Something outside the program is missing or broken: retried or degraded, never fatal to a training."""


class TransportError(EnvironmentFault):
    """A request did not reach the server, or its answer did not reach us."""


class Refused(EnvironmentFault):
    """The server understood a request and said no."""

    def __init__(self, message: str, status: int, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class StoreLocked(EnvironmentFault):
    """Another server writes to this data directory."""


class StoreFull(EnvironmentFault):
    """No space is left for new points; what is stored can still be read."""


class StoreClosed(EnvironmentFault):
    """The store was closed, or became read-only after a write that the system could not promise to keep."""


class NotReady(EnvironmentFault):
    """What was asked for is being made: ask again."""


class DataError(EpochalError):
    """Bytes that are not what they should be; reading continues after them."""


class CorruptRecord(DataError):
    """A damaged journal record at stream offset `offset`."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class CorruptBlock(DataError):
    """A damaged block, tail frame or bundle."""


class NotFound(EpochalError, LookupError):
    """No such entity, project, run or writer."""


class Forbidden(EpochalError, PermissionError):
    """The principal may not do that."""


class Conflict(EpochalError):
    """The state of the object does not allow that."""


class OffsetGap(Conflict):
    """Journal bytes begin after what the store has; `offset` is where the store is."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class RunDeleted(Conflict):
    """The run was deleted for ever; its journal is not wanted any more."""
