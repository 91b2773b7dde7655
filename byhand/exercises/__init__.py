"""Exercises for a class: from a recipe to numbers worth computing, a student's book, its key and its proof."""
