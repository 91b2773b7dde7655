"""Exercises for a class: a recipe, numbers that are easy by hand, each student's workbook, and the key."""
