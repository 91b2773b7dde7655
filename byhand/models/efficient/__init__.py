"""Attention for long texts: sparse, segmented, linear, low-rank."""
