"""Transformers that continue a text, from GPT-2 to Gemma."""
