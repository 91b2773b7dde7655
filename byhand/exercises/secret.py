"""What a set's numbers are drawn from: a secret that stays in keys/, or a seed for sets that are to be repeatable.

A keyed hash mixes the secret with the recipe, the set's purpose and the student's id, and gives each student a random
generator of their own. From one student's numbers, even from the whole state of their generator, neither the secret
nor another student's generator follows.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from pathlib import Path

import numpy as np

from byhand.errors import ByhandError
from byhand.files import read_bytes

SECRET = "secret"
"""The name of its file in keys/."""
SECRET_BYTES, LONGEST = 32, 1_000
"""The length of a new secret, 256 bits; and the most bytes of its file."""
EXAM, PRACTICE = "exam", "practice"


def new_secret() -> bytes:
    """Return a secret from the operating system's source of randomness."""
    return secrets.token_bytes(SECRET_BYTES)


def secret_text(secret: bytes) -> bytes:
    """Return the content of the file with a secret."""
    return f"{secret.hex()}\n".encode()


def read_secret(path: Path) -> bytes | None:
    """Return the secret in a file; None if there is no such file. ByhandError for a file without one."""
    if not os.path.lexists(path):
        return None
    try:
        secret = bytes.fromhex(read_bytes(path, "secret", LONGEST, "put a copy of it in its place").decode().strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise ByhandError(
            f"{path} is not the secret of a set, which has {2 * SECRET_BYTES} digits 0 to f: "
            "put a copy of the secret in its place."
        )
    return secret


@dataclass(frozen=True)
class Source:
    """What the numbers of one set are drawn from. seed: None with a secret.

    recipe: the digest of the recipe; it is no part of what is drawn, so that other points leave the numbers unchanged.
    purpose: an exam or practice, and which version of it.
    """

    seed: int | None = None
    secret: bytes = field(default=b"", repr=False)
    recipe: str = ""
    purpose: str = EXAM

    def generator(self, exercise: str, student: str, question: int | None = None) -> np.random.Generator:
        """Return a student's generator for the numbers of an exercise, or for one of its questions."""
        if self.seed is None:
            digest = self.hashed("numbers", exercise, student, question)
            pool = np.random.SeedSequence(int.from_bytes(digest, "big"), pool_size=8)
            return np.random.Generator(np.random.PCG64(pool))
        seed = f"{self.seed}" if self.purpose == EXAM else f"{self.seed} {self.purpose}"
        if question is not None:
            return np.random.default_rng(list(sha256(f"{seed}\0{student}\0{question}".encode()).digest()))
        digest = sha256(f"{exercise}\0{seed}\0{student}".encode()).digest()
        return np.random.default_rng([int.from_bytes(digest[n : n + 4], "big") for n in range(0, 32, 4)])

    @property
    def mark(self) -> str:
        """A text that differs for another source; empty with a seed, which says it itself."""
        return self.hashed("source", self.recipe).hex() if self.secret else ""

    def file_mark(self, student: str, name: str) -> str:
        """Return the mark of a student's files: 128 bits as text."""
        return self.hashed("file", self.recipe, student, name).hex()[:32]

    def hashed(self, what: str, *parts: object) -> bytes:
        """Return a keyed hash of something of this set. what: its use."""
        key = self.secret or sha256(f"seed {self.seed}".encode()).digest()
        return keyed_hash(key, what, self.purpose, *parts)


def keyed_hash(key: bytes, *parts: object) -> bytes:
    """Return a hash of 256 bits, from which the key does not follow."""
    return blake2b(json.dumps(parts).encode(), key=key, digest_size=32, person=b"byhand set").digest()
