"""Anonymous memory that every process forked after it was made shares, with a lock over it. It is in no file, and a restart forgets it."""

from __future__ import annotations

import fcntl
import mmap
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SharedPage:
    """One page of zeros (at least 4 KiB). `name` is for whoever lists the open files of a process."""

    def __init__(self, name: str) -> None:
        self.memory = mmap.mmap(-1, mmap.PAGESIZE)
        if hasattr(mmap, "MADV_DONTDUMP"):
            self.memory.madvise(mmap.MADV_DONTDUMP)
        self._lock_file = _empty_file(name)
        self._threads = threading.Lock()
        os.register_at_fork(after_in_child=self._after_fork)

    @contextmanager
    def locked(self) -> Iterator[mmap.mmap]:
        """The memory, while no other process and no other thread has it."""
        # The kernel drops this lock when its holder dies, so a killed worker stops no other. It knows processes but not threads.
        with self._threads:
            fcntl.lockf(self._lock_file, fcntl.LOCK_EX)
            try:
                yield self.memory
            finally:
                fcntl.lockf(self._lock_file, fcntl.LOCK_UN)

    def _after_fork(self) -> None:
        self._threads = threading.Lock()


def _empty_file(name: str) -> int:
    """A file without a name or content, only for the kernel to hang a lock on."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create(name, os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
