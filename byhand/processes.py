"""Child processes within bounds: limited in time and memory, ended with all that they started, never left behind.

`run` is for programs of others; `Workers` are Python processes that do our own jobs and give results in their order.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe, connection
from pathlib import Path
from typing import Any, Self, TypeVar

from byhand.errors import ByhandError

Job = TypeVar("Job")
Result = TypeVar("Result")
AHEAD = 8
"""The most jobs that a process may be ahead of the slowest, so that few results wait."""
STARTING = 120.0
"""The most seconds that a process takes to be ready."""


@dataclass(frozen=True)
class Limits:
    """The limits of one job: seconds by the clock, and bytes of memory."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Stopped:
    """The result of a job that exceeded its limits. cause: time, memory or crash."""

    cause: str
    seconds: float = 0.0

    @property
    def why(self) -> str:
        """Why it was stopped, as the end of a sentence."""
        if self.cause == "time":
            return f"it took more than {self.seconds:g} seconds"
        if self.cause == "memory":
            return "it took more memory than there is for one"
        return "what reads it broke down over it, perhaps for want of memory"


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(command: Sequence[str], limits: Limits, folder: Path | None = None) -> str | Stopped:
    """Run a program and return what it prints, or why it failed.

    folder: where it leaves its temporary files, in place of the system's folder for them.
    """
    with subprocess.Popen(
        [*_limited(limits.memory), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C.UTF-8"} | ({"TMPDIR": str(folder)} if folder else {}),
        start_new_session=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            answer, _ = process.communicate(timeout=limits.seconds)
        except subprocess.TimeoutExpired:
            return Stopped("time", limits.seconds)
        finally:
            _end(process)
    return answer if process.returncode == 0 else Stopped("crash")


def _limited(memory: int) -> list[str]:
    return [] if os.name == "nt" else ["/bin/sh", "-c", f'ulimit -v {memory // 1024}; exec "$@"', "sh"]


def _end(process: subprocess.Popen[Any], group: bool = True) -> None:
    """End a process and its group: soffice, for one, is a script whose program would outlive it."""
    with suppress(ProcessLookupError, PermissionError):
        if group and os.name != "nt":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def spread(
    start: Callable[..., Callable[[Job], Result]], settings: tuple[Any, ...], jobs: Sequence[Job], processes: int
) -> Iterator[Result]:
    """Yield the result of each job, in their order, from several processes.

    Each process calls start(*settings) once, for what does the jobs. ByhandError where one of them raises it.
    """
    with Workers(start, settings, min(processes, len(jobs))) as workers:
        yield from workers.in_order(jobs)


def spread_within(
    limits: Limits,
    start: Callable[..., Callable[[Job], Result]],
    settings: tuple[Any, ...],
    jobs: Sequence[Job],
    processes: int,
    quiet: bool = False,
) -> Iterator[Result | Stopped]:
    """Do the same for untrusted jobs: one that exceeds its limits is stopped, and the others continue."""
    with Workers(start, settings, min(processes, len(jobs)), limits, quiet) as workers:
        yield from workers.in_order(jobs)


class Workers:
    """Processes that do jobs. With limits, one that is stopped is replaced.

    Where the starter is killed, the pipes end, and so do the processes; on Linux the system ends them too. (Those of
    `concurrent.futures` wait for ever.) They need nothing of the starter's main module, so they also work from a
    notebook or a script. quiet: what they write to standard error is dropped.
    """

    def __init__(
        self,
        start: Callable[..., Any],
        settings: tuple[Any, ...],
        count: int,
        limits: Limits | None = None,
        quiet: bool = False,
    ) -> None:
        self._first = (start, settings, limits.memory if limits else None)
        self._count, self._limits, self._quiet = count, limits, quiet
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes."""
        while self._workers:
            self._workers.pop().end()

    def in_order(self, jobs: Sequence[Any]) -> Iterator[Any]:
        """Yield the result of each job in order; results that are ready early wait for those before them."""
        done: dict[int, Any] = {}
        sent = passed = 0
        while passed < len(jobs):
            while len(self._workers) < self._count:
                self._workers.append(_Worker(self._first, self._quiet))
            for worker in self._workers:
                if worker.idle and sent < min(len(jobs), passed + AHEAD * self._count):
                    worker.give(sent, jobs[sent], self._limits)
                    sent += 1
            for number, result in self._results():
                if isinstance(result, Exception):
                    self.close()
                    raise result
                if number != NO_JOB:
                    done[number] = result
            while passed in done:
                yield done.pop(passed)
                passed += 1

    def _results(self) -> Iterator[tuple[int, Any]]:
        """Wait, then yield the results that are ready, and the jobs that have taken too long."""
        until = min(worker.until for worker in self._workers)
        left = None if until == FOREVER else max(0.0, until - time.monotonic())
        ready = connection.wait([worker.pipe for worker in self._workers], left)
        for worker in [w for w in self._workers if w.pipe in ready]:
            yield from self._received(worker)
        for worker in [w for w in self._workers if w.until < time.monotonic()]:
            yield self._replaced(worker, Stopped("time", self._limits.seconds if self._limits else FOREVER))

    def _received(self, worker: _Worker) -> Iterator[tuple[int, Any]]:
        try:
            kind, value = worker.pipe.recv()
        except (EOFError, OSError):
            if self._limits is None:
                raise ByhandError(
                    "The system has stopped one of the processes, perhaps for want of memory: give the same command "
                    "again, with --jobs 1, and it continues."
                ) from None
            yield self._replaced(worker, Stopped("crash"))
            return
        if kind == READY:
            worker.get_ready(self._limits)
        elif self._limits and isinstance(value, MemoryError):
            yield self._replaced(worker, Stopped("memory"))
        else:
            yield worker.done(), value

    def _replaced(self, worker: _Worker, why: Stopped) -> tuple[int, Stopped]:
        """End a worker, and return its job with the reason; another worker replaces it if there is more to do."""
        self._workers.remove(worker)
        worker.end()
        return worker.done(), why


FOREVER = float("inf")
NO_JOB = -1
READY, DONE = "ready", "done"


class _Worker:
    """One process, with its pipe, the number of the job that it does, and the time by which that must be done."""

    def __init__(self, first: tuple[Any, ...], quiet: bool) -> None:
        self._job, self._waiting, self.until = NO_JOB, None, FOREVER
        self._ready = False
        self.pipe, there = Pipe()
        number, passing = _inherited(there)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM, json.dumps([str(place) for place in sys.path]), number],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # what a library prints is no answer
            stderr=subprocess.DEVNULL if quiet else None,
            start_new_session=not _serving,  # a worker's own workers end with it
            **passing,
        )
        there.close()
        self._send(first)

    @property
    def idle(self) -> bool:
        return self._job == NO_JOB

    def give(self, number: int, job: Any, limits: Limits | None) -> None:
        """Give it a job: at once if it is ready, else as soon as it is."""
        self._job, self._waiting = number, job
        if self._ready:
            self.get_ready(limits)
        elif limits:
            self.until = time.monotonic() + STARTING

    def get_ready(self, limits: Limits | None) -> None:
        """Begin with the job that waits, if one does."""
        self._ready = True
        if not self.idle:
            self.until = time.monotonic() + limits.seconds if limits else FOREVER
            self._send(self._waiting)

    def done(self) -> int:
        """Mark the job as done, and return its number."""
        number, self._job, self._waiting, self.until = self._job, NO_JOB, None, FOREVER
        return number

    def end(self) -> None:
        """End the process, and wait for its end."""
        _end(self._process, group=not _serving)
        self.pipe.close()
        self._process.wait()

    def _send(self, message: Any) -> None:
        with suppress(OSError):  # of a process that has died: receiving from it will say so
            self.pipe.send(message)


def _inherited(pipe: Any) -> tuple[str, dict[str, Any]]:
    """Return the pipe's number in the child, and the arguments of Popen that pass it on."""
    number = pipe.fileno()
    if sys.platform == "win32":
        os.set_handle_inheritable(number, True)
        return str(number), {"startupinfo": subprocess.STARTUPINFO(lpAttributeList={"handle_list": [number]})}
    return str(number), {"pass_fds": [number]}


def _opened(number: int) -> Any:
    """Return the pipe, in the child."""
    if sys.platform == "win32":
        return connection.PipeConnection(number)
    return connection.Connection(number)


PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from byhand.processes import serve; serve()"
_serving = False


def serve() -> None:
    """Do jobs until the pipe ends: what a worker's process runs. It ignores Ctrl-C, which its starter handles."""
    global _serving
    _serving = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_starter()
    pipe = _opened(int(sys.argv[2]))
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        start, settings, memory = pipe.recv()
        work = _outcome(start, *settings)
        gc.freeze()  # what the start has made stays: no need to look it over while jobs are done
        if memory:
            _limit_memory(memory)
        pipe.send((DONE, work) if isinstance(work, Exception) else (READY, None))
        while not isinstance(work, Exception):
            pipe.send((DONE, _outcome(work, pipe.recv())))


def _outcome(work: Callable[..., Any], *given: Any) -> Any:
    """Return the result of the work, or the error that it raised."""
    try:
        return work(*given)
    except (ByhandError, MemoryError, OSError) as error:
        return error


def _end_with_starter() -> None:
    """Have Linux end this process when its starter ends, also while a library runs that never looks up."""
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _limit_memory(memory: int) -> None:
    """Limit the further memory of this process, and of each that it starts, to so many bytes, if the system can."""
    try:
        import resource
    except ImportError:
        return
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
