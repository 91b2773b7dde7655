"""Marking what students hand in: hostile until shown otherwise."""
