"""The journal of a class's results, of which a line may be cut short by a stop."""

from __future__ import annotations

from pathlib import Path

from byhand.grading.marks_folder import FileResult, Journal, as_line


def test_a_line_that_was_cut_is_taken_off_before_the_next_is_written(tmp_path: Path) -> None:
    one, two, three = (FileResult(f"{n}.xlsx", n * 8, n) for n in "abc")
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.add(one)
        journal.add(two)
    whole = path.read_bytes()
    path.write_bytes(whole + as_line(three).encode()[:12])
    with Journal(path) as journal:
        journal.add(three)
    assert path.read_bytes() == whole + as_line(three).encode() + b"\n"
    with Journal(path) as journal:
        assert [journal.get(result.file) for result in (one, two, three)] == [one, two, three]
