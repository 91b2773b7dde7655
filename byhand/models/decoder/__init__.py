"""Transformers that go on with a text, from GPT-2 to Gemma."""
