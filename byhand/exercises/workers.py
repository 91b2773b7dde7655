"""Work spread over processes: results in the order of the jobs, and no process that outlives its starter."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from byhand.errors import ByhandError

Job = TypeVar("Job")
Result = TypeVar("Result")
AHEAD = 8
"""How many jobs a process may be ahead of the slowest, so that what waits stays small."""


def spread(
    start: Callable[..., Callable[[Job], Result]], settings: tuple[Any, ...], jobs: Sequence[Job], processes: int
) -> Iterator[Result]:
    """The result of each job, in their order. Each process calls start(*settings) once for what does the jobs.

    A process of its own with a pipe of its own: where the starter is killed, the pipe ends, and so does the process
    (those of `concurrent.futures` wait for ever). They are spawned, not forked, as every system can.
    """
    context = get_context("spawn")
    crew: dict[Connection, BaseProcess] = {}
    try:
        for _ in range(min(processes, len(jobs))):
            here, there = context.Pipe()
            process: BaseProcess = context.Process(target=_serve, args=(there, start, settings), daemon=True)
            process.start()
            there.close()
            crew[here] = process
        yield from _in_order(list(crew), jobs)
    finally:
        for pipe, process in crew.items():
            pipe.close()
            process.terminate()
            process.join()


def _in_order(crew: list[Connection], jobs: Sequence[Any]) -> Iterator[Any]:
    at: dict[Connection, int] = {}
    done: dict[int, Any] = {}
    sent = passed = 0
    while passed < len(jobs):
        for pipe in crew:
            if pipe not in at and sent < min(len(jobs), passed + AHEAD * len(crew)):
                with _alive():
                    pipe.send(jobs[sent])
                at[pipe] = sent
                sent += 1
        ready = set(wait(list(at)))
        for pipe in [p for p in at if p in ready]:
            with _alive():
                result = pipe.recv()
            if isinstance(result, Exception):
                raise result
            done[at.pop(pipe)] = result
        while passed in done:
            yield done.pop(passed)
            passed += 1


@contextmanager
def _alive() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError):
        raise ByhandError(
            "The system has stopped one of the processes, perhaps for want of memory: give the same command again, "
            "with --jobs 1, and it continues."
        ) from None


def _serve(pipe: Connection, start: Callable[..., Callable[[Any], Any]], settings: tuple[Any, ...]) -> None:
    """Does jobs until the pipe ends. Ctrl-C is the starter's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        work = start(*settings)
        while True:
            job = pipe.recv()
            try:
                result = work(job)
            except (ByhandError, MemoryError, OSError) as error:
                result = error
            pipe.send(result)
