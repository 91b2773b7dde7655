"""The common parts of language models: options, vocabularies, blocks of a layer, frames, and generation."""
