"""The parts of a transformer by themselves, where a course begins."""
