"""A document of headings, text and formulas, written as Markdown, LaTeX, HTML, PDF or text."""
