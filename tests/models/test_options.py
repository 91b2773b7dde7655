"""The options that any model can take: each model with random ones gives what plain numpy gives."""

import random

import numpy as np
import pytest
from support import option_oracles as oracles
from support.option_oracles import CHOICES

from byhand.core.graph import fold
from byhand.core.weights import Weights
from byhand.language.architecture import Inputs, options_of
from byhand.language.options import Options, option_values
from byhand.models import MODELS

ENCODERS, TRANSLATORS = ("bert", "roberta", "distilbert"), ("transformer", "bart", "marian", "t5")
IDS, TARGET_IDS = [4, 5, 2, 6, 4], [0, 3, 5, 1]
PIXELS = np.random.default_rng(5).normal(size=(2, 4, 4))


def settings_for(model, **chosen):
    """The setting of a model with 4 heads in each of 2 layers, and the options chosen."""
    sides = {f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in (("layers", 2), ("heads", 4))}
    every = {"d_model": 8, "heads": 4, "layers": 2, "image": 4, "patch": 2, "channels": 2} | sides | chosen
    return {name: value for name, value in every.items() if name in option_values(MODELS[model].options)}


def ours(model, options):
    """Its weights, drawn anew so that no gain is 1 and no shift 0; its logits and probabilities."""
    inputs = {"ids": IDS, "target_ids": TARGET_IDS, "pixels": PIXELS}
    given = Inputs(**{name: value for name, value in inputs.items() if name in MODELS[model].takes})
    drawn = Weights(3)
    MODELS[model].build(options, drawn, given)
    draw = np.random.default_rng(8)
    arrays = {path: draw.normal(size=node.shape) for path, node in drawn.nodes.items()}
    graph = MODELS[model].build(options, Weights(arrays=arrays), given)
    values = fold([graph.logits, *graph.outputs])
    return arrays, values[graph.logits], values[graph.outputs[0]]


def theirs(model, options, w):
    if model == "gpt2":
        return oracles.gpt2(w, options, IDS)
    if model == "vit":
        return oracles.vit(w, options, PIXELS)
    if model in ENCODERS:
        return (oracles.roberta if model == "roberta" else oracles.bert)(w, options, IDS)
    return oracles.translator(w, options, IDS, TARGET_IDS, model)


def agree(model, settings):
    options = options_of(MODELS[model], settings)
    weights, logits, probabilities = ours(model, options)
    expected = theirs(model, options, weights)
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-10)
    asked = oracles.softmax(expected / options.temperature)
    np.testing.assert_allclose(probabilities, asked, rtol=0, atol=1e-10)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("model", ["gpt2", *ENCODERS, "vit", *TRANSLATORS])
def test_random_options(model, seed):
    """Six draws, in which each kind of positions is taken once."""
    draw = random.Random(f"{model} {seed}")
    chosen = {name: draw.choice(words) for name, words in CHOICES.items()}
    agree(model, settings_for(model, **chosen | {"positions": CHOICES["positions"][seed]}))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, words in CHOICES.items() for value in words])
@pytest.mark.parametrize("model", ["gpt2", *ENCODERS, "vit", *TRANSLATORS])
def test_each_option_by_itself(model, name, value):
    agree(model, settings_for(model, activation="gelu", **{name: value} if name != "activation" else {}))


OWN = {
    "sparse-transformer": {"attention"},
    "transformer-xl": {"attention", "positions"},
    "gopher": {"positions"},
    "gpt-oss": {"activation", "gated"},
    "logit-lens": {"temperature"},
    "activation-patching": {"temperature"},
}
"""What a model has a kind of its own of, or, since it draws no words, none."""


def test_every_model_of_the_blocks_takes_every_option():
    for model in MODELS.values():
        if isinstance(model.options, Options) and model.family != "part":
            missing = (
                set(CHOICES) - set(option_values(model.options)) - {"kv_heads", "tied"} - OWN.get(model.name, set())
            )
            assert not missing, model.name
