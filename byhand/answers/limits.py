"""The bounds of an answer, and the error for an answer that cannot be read."""

LONGEST = 2_000
"""The longest answer, in characters."""
MOST_TOKENS = 500
DEEPEST = 64
"""The deepest nesting of brackets and powers."""
MOST_DIGITS = 60
"""The most digits of one number."""
HIGHEST_POWER = 10_000
"""The largest exponent of a power, of e and of ten."""
LARGEST_FACTORIAL = 170
MOST_BITS = 40_000
"""The largest numerator and denominator of a fraction; a larger number is a real of finite precision."""
FARTHEST = 400_000
"""The largest binary exponent of an intermediate result."""


class Unreadable(Exception):
    """An answer that cannot be read. The message is the reason: a clause without its full stop.

    sign: the sign or name in the answer that the reason names, as it was read; empty if it names none.
    """

    def __init__(self, reason: str, sign: str = "") -> None:
        super().__init__(reason)
        self.sign = sign
