"""What the file system under a path is, and a lock that ends with its process.

Standard library only, and light: a training process asks at its start.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

NETWORK_KINDS = frozenset(
    """
    9p afs afpfs beegfs beegfs_nodev ceph cifs fuse.ceph fuse.gcsfuse fuse.glusterfs fuse.juicefs fuse.rclone
    fuse.s3fs fuse.sshfs glusterfs gpfs lustre ncpfs nfs nfs4 orangefs pvfs2 smb2 smb3 smbfs vboxsf webdav wekafs
    """.split()  # noqa: SIM905 - readable as lines of words
)


def is_network_path(path: str | os.PathLike[str]) -> bool:
    """Return whether `path` lies on a network file system: slow, able to stall, and without shared memory.

    One that cannot be recognised counts as local.
    """
    real = os.path.realpath(path)
    if sys.platform == "win32":
        import ctypes

        drive = os.path.splitdrive(real)[0]
        remote = 4
        return (
            drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(f"{drive}\\") == remote
        )
    return kind_of(real, _mounts()) in NETWORK_KINDS


def kind_of(path: str, mounts: Iterable[tuple[str, str]]) -> str:
    """Return the type of the last of the longest mount points (point, type) above `path`; "" when there is none."""
    best, kind = "", ""
    for point, found in mounts:
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, found
    return kind


def _mounts() -> list[tuple[str, str]]:
    """Return (mount point, type) of what is mounted, in the order of mounting; empty where nobody says."""
    if not sys.platform.startswith("linux"):
        import psutil  # 20 ms, and only here

        try:
            return [(part.mountpoint, part.fstype) for part in psutil.disk_partitions(all=True)]
        except OSError:
            return []
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            return parse_mountinfo(file.read())
    except OSError:
        return []


def parse_mountinfo(text: str) -> list[tuple[str, str]]:
    """Return (mount point, type) of each line of ``/proc/self/mountinfo`` (proc(5): octal escapes in the point)."""
    mounts: list[tuple[str, str]] = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        before, after = left.split(" "), right.split(" ")
        if len(before) > 4 and after[0]:
            mounts.append((_unescape(before[4]), after[0]))
    return mounts


def _unescape(text: str) -> str:
    first, *parts = text.split("\\")
    return first + "".join(chr(int(part[:3], 8)) + part[3:] for part in parts)


if sys.platform == "win32":
    import msvcrt

    # A locked byte cannot be read on Windows: far behind the text, so that others can read that.
    _LOCKED_BYTE = 1 << 30

    def lock_exclusively(descriptor: int) -> None:
        """Lock an open file until it is closed or the process ends. Raises OSError when another one has it."""
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def lock_exclusively(descriptor: int) -> None:
        """Lock an open file until it is closed or the process ends. Raises OSError when another one has it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
