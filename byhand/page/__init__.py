"""A lesson as one HTML file to explore offline: every number is computed in the page, by its own cell rule."""
