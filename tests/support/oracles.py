"""The three models in plain numpy, from their papers and as Hugging Face and torch define them; never byhand.

`state` is a checkpoint's tensors by its own names, `config` its config.json with every key. One prompt, no batch.
"""

import math

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def layer_norm(x, state, name, eps):
    """torch.nn.LayerNorm over the last axis, with the population variance."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = x.var(axis=-1, keepdims=True)
    return centred / np.sqrt(variance + eps) * state[f"{name}.weight"] + state[f"{name}.bias"]


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def gelu_new(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gelu_fast(x):
    return 0.5 * x * (1 + np.tanh(x * 0.7978845608 * (1 + 0.044715 * x * x)))


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "gelu": gelu,
    "gelu_new": gelu_new,
    "gelu_pytorch_tanh": gelu_new,
    "gelu_fast": gelu_fast,
}


def linear(x, state, name):
    """torch.nn.Linear: (out, in) weights."""
    return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def conv1d(x, state, name):
    """transformers' Conv1D: (in, out) weights."""
    return x @ state[f"{name}.weight"] + state[f"{name}.bias"]


def attend(q, k, v, heads, keep, divisor=1.0, added=None):
    """All heads at once. (T, d), (S, d), (S, d), keep (T, S) -> (T, d), weights (heads, T, S)"""
    q, k, v = (x.reshape(len(x), heads, -1).swapaxes(0, 1) for x in (q, k, v))
    scores = (np.einsum("hte,hse->hts", q, k) + (0 if added is None else added)) / divisor
    weights = softmax(np.where(keep, scores, -np.inf))
    return np.einsum("hts,hse->the", weights, v).reshape(q.shape[1], -1), weights


def gpt2(state, config, ids):
    """GPT2LMHeadModel (modeling_gpt2.py): hidden is what enters each layer, then what the output layer sees."""
    heads, eps = config["n_head"], config["layer_norm_epsilon"]
    act = ACTIVATIONS[config["activation_function"]]
    length = len(ids)
    x = state["transformer.wte.weight"][ids] + state["transformer.wpe.weight"][:length]
    hidden, attentions = [x], []
    for n in range(config["n_layer"]):
        layer = f"transformer.h.{n}"
        divisor = math.sqrt(config["n_embd"] / heads) if config["scale_attn_weights"] else 1.0
        if config["scale_attn_by_inverse_layer_idx"]:
            divisor *= n + 1
        q, k, v = np.split(conv1d(layer_norm(x, state, f"{layer}.ln_1", eps), state, f"{layer}.attn.c_attn"), 3, axis=1)
        z, weights = attend(q, k, v, heads, np.tri(length, dtype=bool), divisor)
        x = x + conv1d(z, state, f"{layer}.attn.c_proj")
        y = act(conv1d(layer_norm(x, state, f"{layer}.ln_2", eps), state, f"{layer}.mlp.c_fc"))
        x = x + conv1d(y, state, f"{layer}.mlp.c_proj")
        hidden.append(x)
        attentions.append(weights)
    last = layer_norm(x, state, "transformer.ln_f", eps)
    out = state["transformer.wte.weight" if config["tie_word_embeddings"] else "lm_head.weight"]
    return {"logits": last @ out.T, "hidden": hidden, "final": last, "attentions": attentions}


def by_distance(q, k, rows, heads, both):
    """What relative_key (transformers 4, modeling_bert.py) adds to the scores, one number after the other."""
    middle = (len(rows) - 1) // 2
    added = np.zeros((heads, len(q), len(k)))
    for h, (q_h, k_h) in enumerate(zip(np.split(q, heads, axis=1), np.split(k, heads, axis=1), strict=True)):
        for i in range(len(q)):
            for j in range(len(k)):
                row = rows[i - j + middle]
                added[h, i, j] = q_h[i] @ row + (k_h[j] @ row if both else 0)
    return added


def bert(state, config, ids, segment_ids, mask):
    """BertForMaskedLM (modeling_bert.py)."""
    heads, eps, d = config["num_attention_heads"], config["layer_norm_eps"], config["hidden_size"]
    act = ACTIVATIONS[config["hidden_act"]]
    keep = np.broadcast_to(np.array(mask, dtype=bool), (len(ids), len(ids)))
    tables = [state[f"bert.embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")]
    kind = config.get("position_embedding_type", "absolute")
    x = tables[0][ids] + tables[2][segment_ids]
    if kind == "absolute":
        x = x + tables[1][: len(ids)]
    x = layer_norm(x, state, "bert.embeddings.LayerNorm", eps)
    hidden, attentions = [x], []
    for n in range(config["num_hidden_layers"]):
        layer = f"bert.encoder.layer.{n}"
        q, k, v = (linear(x, state, f"{layer}.attention.self.{name}") for name in ("query", "key", "value"))
        added = None
        if kind != "absolute":
            rows = state[f"{layer}.attention.self.distance_embedding.weight"]
            added = by_distance(q, k, rows, heads, kind == "relative_key_query")
        z, weights = attend(q, k, v, heads, keep, math.sqrt(d / heads), added)
        z = linear(z, state, f"{layer}.attention.output.dense")
        x = layer_norm(x + z, state, f"{layer}.attention.output.LayerNorm", eps)
        y = linear(act(linear(x, state, f"{layer}.intermediate.dense")), state, f"{layer}.output.dense")
        x = layer_norm(x + y, state, f"{layer}.output.LayerNorm", eps)
        hidden.append(x)
        attentions.append(weights)
    y = act(linear(x, state, "cls.predictions.transform.dense"))
    y = layer_norm(y, state, "cls.predictions.transform.LayerNorm", eps)
    tied = config["tie_word_embeddings"]
    out = state["bert.embeddings.word_embeddings.weight" if tied else "cls.predictions.decoder.weight"]
    return {"logits": y @ out.T + state["cls.predictions.bias"], "hidden": hidden, "attentions": attentions}


def sinusoidal(length, d):
    """Vaswani et al. 2017, section 3.5, entry by entry."""
    return np.array(
        [
            [(math.sin if i % 2 == 0 else math.cos)(t / 10000 ** ((i - i % 2) / d)) for i in range(d)]
            for t in range(length)
        ]
    )


def torch_transformer(state, config, ids, target_ids, mask):
    """torch.nn.TransformerEncoderLayer and TransformerDecoderLayer with embeddings and an output layer."""
    d, heads, eps, first = config["d_model"], config["nhead"], config["layer_norm_eps"], config["norm_first"]
    act = ACTIVATIONS[config["activation"]]
    attentions = {"encoder": [], "self": [], "cross": []}

    def embedded(name, ids):
        x = state["embed.weight" if config["shared_embeddings"] else f"{name}_embed.weight"][ids]
        return x * (math.sqrt(d) if config["scale_embedding"] else 1) + sinusoidal(len(ids), d)

    def sublayer(x, name, change):
        if first:
            return x + change(layer_norm(x, state, name, eps))
        return layer_norm(x + change(x), state, name, eps)

    def attention(name, memory, keep, kind):
        def change(y):
            weight, bias = np.split(state[f"{name}.in_proj_weight"], 3), np.split(state[f"{name}.in_proj_bias"], 3)
            sides = (y, y, y) if memory is None else (y, memory, memory)
            q, k, v = (x @ w.T + b for x, w, b in zip(sides, weight, bias, strict=True))
            z, weights = attend(q, k, v, heads, keep, math.sqrt(d / heads))
            attentions[kind].append(weights)
            return linear(z, state, f"{name}.out_proj")

        return change

    def feed_forward(layer):
        return lambda y: linear(act(linear(y, state, f"{layer}.linear1")), state, f"{layer}.linear2")

    keep = np.broadcast_to(np.array(mask, dtype=bool), (1, len(ids)))
    x = embedded("src", ids)
    encoder = [x]
    for n in range(config["num_encoder_layers"]):
        layer = f"transformer.encoder.layers.{n}"
        x = sublayer(x, f"{layer}.norm1", attention(f"{layer}.self_attn", None, keep, "encoder"))
        x = sublayer(x, f"{layer}.norm2", feed_forward(layer))
        encoder.append(x)
    memory = layer_norm(x, state, "transformer.encoder.norm", eps) if config["final_norms"] else x
    x = embedded("tgt", target_ids)
    decoder = [x]
    for n in range(config["num_decoder_layers"]):
        layer = f"transformer.decoder.layers.{n}"
        causal = np.tri(len(target_ids), dtype=bool)
        x = sublayer(x, f"{layer}.norm1", attention(f"{layer}.self_attn", None, causal, "self"))
        x = sublayer(x, f"{layer}.norm2", attention(f"{layer}.multihead_attn", memory, keep, "cross"))
        x = sublayer(x, f"{layer}.norm3", feed_forward(layer))
        decoder.append(x)
    last = layer_norm(x, state, "transformer.decoder.norm", eps) if config["final_norms"] else x
    if "generator.weight" in state:
        out = state["generator.weight"]
    else:
        out = state["embed.weight" if config["shared_embeddings"] else "tgt_embed.weight"]
    logits = last @ out.T + state.get("generator.bias", 0.0)
    return {"logits": logits, "encoder": encoder, "decoder": decoder, "final": last, "attentions": attentions}


def gpt2_shapes(config):
    """The tensors of a GPT2LMHeadModel. {name: shape}"""
    d, d_ff = config["n_embd"], config["n_inner"] or 4 * config["n_embd"]
    shapes = {
        "transformer.wte.weight": (config["vocab_size"], d),
        "transformer.wpe.weight": (config["n_positions"], d),
        "transformer.ln_f.weight": (d,),
        "transformer.ln_f.bias": (d,),
    }
    for n in range(config["n_layer"]):
        for name, shape in {
            "ln_1.weight": (d,),
            "ln_1.bias": (d,),
            "attn.c_attn.weight": (d, 3 * d),
            "attn.c_attn.bias": (3 * d,),
            "attn.c_proj.weight": (d, d),
            "attn.c_proj.bias": (d,),
            "ln_2.weight": (d,),
            "ln_2.bias": (d,),
            "mlp.c_fc.weight": (d, d_ff),
            "mlp.c_fc.bias": (d_ff,),
            "mlp.c_proj.weight": (d_ff, d),
            "mlp.c_proj.bias": (d,),
        }.items():
            shapes[f"transformer.h.{n}.{name}"] = shape
    return shapes | ({} if config["tie_word_embeddings"] else {"lm_head.weight": (config["vocab_size"], d)})


def bert_shapes(config):
    """The tensors of a BertForMaskedLM. {name: shape}"""
    d, d_ff, vocab = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    shapes = {
        "bert.embeddings.word_embeddings.weight": (vocab, d),
        "bert.embeddings.position_embeddings.weight": (config["max_position_embeddings"], d),
        "bert.embeddings.token_type_embeddings.weight": (config["type_vocab_size"], d),
        "bert.embeddings.LayerNorm.weight": (d,),
        "bert.embeddings.LayerNorm.bias": (d,),
        "cls.predictions.bias": (vocab,),
        "cls.predictions.transform.dense.weight": (d, d),
        "cls.predictions.transform.dense.bias": (d,),
        "cls.predictions.transform.LayerNorm.weight": (d,),
        "cls.predictions.transform.LayerNorm.bias": (d,),
    }
    for n in range(config["num_hidden_layers"]):
        layer = f"bert.encoder.layer.{n}"
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            shapes[f"{layer}.attention.{name}.weight"] = (d, d)
            shapes[f"{layer}.attention.{name}.bias"] = (d,)
        for name in ("attention.output.LayerNorm.weight", "attention.output.LayerNorm.bias"):
            shapes[f"{layer}.{name}"] = (d,)
        for name in ("output.LayerNorm.weight", "output.LayerNorm.bias", "output.dense.bias"):
            shapes[f"{layer}.{name}"] = (d,)
        shapes[f"{layer}.intermediate.dense.weight"] = (d_ff, d)
        shapes[f"{layer}.intermediate.dense.bias"] = (d_ff,)
        shapes[f"{layer}.output.dense.weight"] = (d, d_ff)
    return shapes | ({} if config["tie_word_embeddings"] else {"cls.predictions.decoder.weight": (vocab, d)})


def torch_shapes(config, generator, bias):
    """The tensors of a torch.nn.Transformer with embeddings, and with or without an output layer. {name: shape}"""
    d, d_ff, vocab = config["d_model"], config["dim_feedforward"], config["vocab_size"]
    target_vocab = config.get("tgt_vocab_size", vocab)
    if config["shared_embeddings"]:
        shapes = {"embed.weight": (vocab, d)}
    else:
        shapes = {"src_embed.weight": (vocab, d), "tgt_embed.weight": (target_vocab, d)}
    for side, layers, attentions in (
        ("encoder", config["num_encoder_layers"], ["self_attn"]),
        ("decoder", config["num_decoder_layers"], ["self_attn", "multihead_attn"]),
    ):
        for n in range(layers):
            layer = f"transformer.{side}.layers.{n}"
            for name in attentions:
                shapes[f"{layer}.{name}.in_proj_weight"] = (3 * d, d)
                shapes[f"{layer}.{name}.in_proj_bias"] = (3 * d,)
                shapes[f"{layer}.{name}.out_proj.weight"] = (d, d)
                shapes[f"{layer}.{name}.out_proj.bias"] = (d,)
            for m in range(len(attentions) + 1):
                shapes[f"{layer}.norm{m + 1}.weight"] = shapes[f"{layer}.norm{m + 1}.bias"] = (d,)
            shapes[f"{layer}.linear1.weight"], shapes[f"{layer}.linear1.bias"] = (d_ff, d), (d_ff,)
            shapes[f"{layer}.linear2.weight"], shapes[f"{layer}.linear2.bias"] = (d, d_ff), (d,)
        if config["final_norms"]:
            shapes[f"transformer.{side}.norm.weight"] = shapes[f"transformer.{side}.norm.bias"] = (d,)
    if generator:
        shapes["generator.weight"] = (target_vocab, d)
    return shapes | ({"generator.bias": (target_vocab,)} if bias else {})
