"""Formulas as trees, and the printers that set them as text, LaTeX, MathML and Typst."""
