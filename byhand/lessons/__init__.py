"""From a recipe to a lesson: read the recipe, build its model, apply its changes."""
