"""Marking: workbooks that students hand in, and their key, go in; verdicts, grades, feedback and a report come out."""
