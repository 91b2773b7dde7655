"""Work spread over processes: results in the order of the jobs, and no process that outlives its starter."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

from byhand.errors import ByhandError

Job = TypeVar("Job")
Result = TypeVar("Result")
AHEAD = 8
"""How many jobs a process may be ahead of the slowest, so that what waits stays small."""


@dataclass(frozen=True)
class Limits:
    """What one job may take: seconds by the clock, and bytes that its process may hold."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Stopped:
    """What comes of a job that took more than it may: why it was stopped, as the end of a sentence."""

    why: str


def spread(
    start: Callable[..., Callable[[Job], Result]], settings: tuple[Any, ...], jobs: Sequence[Job], processes: int
) -> Iterator[Result]:
    """The result of each job, in their order. Each process calls start(*settings) once for what does the jobs.

    A process of its own with a pipe of its own: where the starter is killed, the pipe ends, and so does the process
    (those of `concurrent.futures` wait for ever). They are spawned, not forked, as every system can.
    """
    with _Crew(start, settings, min(processes, len(jobs))) as crew:
        yield from crew.in_order(jobs)


def spread_within(
    limits: Limits,
    start: Callable[..., Callable[[Job], Result]],
    settings: tuple[Any, ...],
    jobs: Sequence[Job],
    processes: int,
) -> Iterator[Result | Stopped]:
    """The same, for jobs that strangers make: one that takes too much is stopped, and the others are done."""
    with _Crew(start, settings, min(processes, len(jobs)), limits) as crew:
        yield from crew.in_order(jobs)


class _Crew:
    """Processes that do jobs, each with its pipe; with limits, one that is stopped is replaced."""

    def __init__(
        self, start: Callable[..., Any], settings: tuple[Any, ...], count: int, limits: Limits | None = None
    ) -> None:
        self.start, self.settings, self.count, self.limits = start, settings, count, limits
        self.processes: dict[Connection, BaseProcess] = {}
        self.at: dict[Connection, int] = {}
        self.until: dict[Connection, float] = {}
        self.ready: set[Connection] = set()

    def __enter__(self) -> _Crew:
        for _ in range(self.count):
            self._hire()
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in list(self.processes):
            self._dismiss(pipe)

    def _hire(self) -> None:
        context = get_context("spawn")
        here, there = context.Pipe()
        memory = self.limits.memory if self.limits else None
        settings = (there, self.start, self.settings, memory)
        process: BaseProcess = context.Process(target=_serve, args=settings, daemon=True)
        process.start()
        there.close()
        self.processes[here] = process

    def _dismiss(self, pipe: Connection, kill: bool = False) -> None:
        process = self.processes.pop(pipe)
        self.at.pop(pipe, None)
        self.until.pop(pipe, None)
        self.ready.discard(pipe)
        pipe.close()
        if kill:
            process.kill()
        else:
            process.terminate()
        process.join()

    def in_order(self, jobs: Sequence[Any]) -> Iterator[Any]:
        """What comes of each job; those that are ready early wait for those before them."""
        done: dict[int, Any] = {}
        sent = passed = 0
        while passed < len(jobs):
            for pipe in list(self.processes):
                if pipe not in self.at and sent < min(len(jobs), passed + AHEAD * self.count):
                    self._send(pipe, sent, jobs[sent])
                    sent += 1
            for job, result in self._results():
                if isinstance(result, Exception):
                    raise result
                done[job] = result
            while passed in done:
                yield done.pop(passed)
                passed += 1

    def _send(self, pipe: Connection, number: int, job: Any) -> None:
        self.at[pipe] = number
        if self.limits:
            starting = 0.0 if pipe in self.ready else STARTING
            self.until[pipe] = time.monotonic() + starting + self.limits.seconds
        with suppress(OSError):  # of a process that has died: receiving from it will say so
            pipe.send(job)

    def _results(self) -> Iterator[tuple[int, Any]]:
        """What is ready, after waiting for something; and the jobs that have taken too long."""
        earliest = min(self.until.values(), default=None)
        ready = wait(list(self.at), None if earliest is None else max(0.0, earliest - time.monotonic()))
        for pipe in [p for p in self.at if p in ready]:
            yield from self._received(pipe)
        for pipe in [p for p, until in self.until.items() if until < time.monotonic()]:
            assert self.limits is not None
            yield self._replaced(pipe, f"it took more than {self.limits.seconds:g} seconds")

    def _received(self, pipe: Connection) -> Iterator[tuple[int, Any]]:
        try:
            with _alive():
                result = pipe.recv()
        except ByhandError:
            if not self.limits:
                raise
            yield self._replaced(pipe, "what reads it broke down over it, perhaps for want of memory")
            return
        if result == READY:
            self.ready.add(pipe)
            if self.limits:
                self.until[pipe] = time.monotonic() + self.limits.seconds
            return
        if self.limits and isinstance(result, MemoryError):
            yield self._replaced(pipe, "it took more memory than there is for one")
            return
        self.until.pop(pipe, None)
        yield self.at.pop(pipe), result

    def _replaced(self, pipe: Connection, why: str) -> tuple[int, Stopped]:
        number = self.at[pipe]
        self._dismiss(pipe, kill=True)
        self._hire()
        return number, Stopped(why)


READY = "ready"
STARTING = 120.0
"""The seconds that a process may take to be ready."""


@contextmanager
def _alive() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError):
        raise ByhandError(
            "The system has stopped one of the processes, perhaps for want of memory: give the same command again, "
            "with --jobs 1, and it continues."
        ) from None


def _serve(
    pipe: Connection, start: Callable[..., Callable[[Any], Any]], settings: tuple[Any, ...], memory: int | None
) -> None:
    """Does jobs until the pipe ends. Ctrl-C is the starter's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        work = _told(start, *settings)
        if memory:
            _hold(memory)
        pipe.send(work if isinstance(work, Exception) else READY)
        while not isinstance(work, Exception):
            pipe.send(_told(work, pipe.recv()))


def _told(work: Callable[..., Any], *given: Any) -> Any:
    """What the work comes to, or what it could not be done for."""
    try:
        return work(*given)
    except (ByhandError, MemoryError, OSError) as error:
        return error


def _hold(memory: int) -> None:
    """From here on this process, and each that it starts, may hold so many bytes more; where the system can say so."""
    try:
        import resource
    except ImportError:
        return
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
