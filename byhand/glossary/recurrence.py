"""The glossary of recurrent networks."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "U": "Turns the state before into its part of the new state.",
    "U_f": "The forget gate's weights for the state before.",
    "U_g": "The new content's weights for the state before.",
    "U_i": "The input gate's weights for the state before.",
    "U_o": "The output gate's weights for the state before.",
    "W_f": "The forget gate's weights for the word.",
    "W_g": "The new content's weights for the word.",
    "W_i": "The input gate's weights for the word.",
    "W_o": "The output gate's weights for the word.",
    "b_f": "Added in the forget gate; large ones make it remember.",
    "b_g": "Added in the new content.",
    "b_i": "Added in the input gate.",
    "b_o": "Added in the output gate.",
    "f": "The forget gate: how much of the cell is kept, from 0 (nothing) to 1 (all).",
    "i": "The input gate: how much of the new content is let in.",
    "g": "The new content that this word offers.",
    "o": "The output gate: how much of the cell is shown.",
    "c": "The cell: what is remembered from word to word.",
    "h": "The state after a word: what the model knows of the text so far.",
    "H": "The states after each word, below each other.",
    "a": "The sum that the state is made of, before it is pressed between −1 and 1.",
    "s": "The decoder's state: what it knows of what it has written.",
    "W_s": "Turns the encoder's last state into the decoder's first.",
    "b_s": "Added to the decoder's first state.",
    "W_q": "Turns the decoder's state into its question.",
    "W_k": "Turns each source word into what it can be found by.",
    "v": "A running mean of the squares of the gradients.",
    "v weight": "Weighs how well a source word fits, to one number.",
    "key": "What each place can be found by.",
    "query": "What each place looks for.",
    "states_between": "The states between the first and the last.",
    "step": "The number of the step.",
    "to_the_end": "How many words there are up to the end.",
    "readout": "What the next word is chosen from: the state, and what was gathered.",
}

STEPS: dict[str, str] = {
    "step": "The state is mixed with the next word: what the model remembers so far.",
    "start": "The decoder's first state is made from what the encoder remembers.",
    "annotations": "What is known at each source word, from the left and from the right.",
    "read-out": "State, context and last word together, from which the next one is chosen.",
    "why attention came": "How many states lie between a source word and where it is needed.",
}
