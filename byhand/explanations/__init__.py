"""Worked solutions: in goes a lesson, out comes a document that works its tables on paper."""
