"""Parts of learning: adapters, regularisation, and losses beyond the next word, each beside its paper."""
