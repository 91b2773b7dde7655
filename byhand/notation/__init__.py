"""A formula as a tree, and the printers that turn it into text, LaTeX, MathML and Typst."""
