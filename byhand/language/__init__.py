"""What models share: their options, their words, the blocks of a layer, the frame of each kind, and generation."""
