"""From a recipe to a lesson: what is built, from which numbers, and with what changed."""
