"""What language models share: blocks, options, vocabulary, generation, objective."""
