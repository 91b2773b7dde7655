"""Encoders and encoder-decoders once more in plain numpy, from a state_dict under transformers' names."""

import numpy as np

from support.oracles import gelu, gelu_new


def relu(x):
    return np.maximum(x, 0)


def silu(x):
    return x / (1 + np.exp(-x))


ACTIVATIONS = {"relu": relu, "gelu": gelu, "gelu_new": gelu_new, "silu": silu, "swish": silu}


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def linear(x, state, name):
    y = x @ state[f"{name}.weight"].T
    return y + state[f"{name}.bias"] if f"{name}.bias" in state else y


def layer_norm(x, state, name, eps):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * state[f"{name}.weight"] + state[f"{name}.bias"]


def rms_norm(x, state, name, eps):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * state[f"{name}.weight"]


def attend(x, memory, state, names, heads, keep, scale=True, bias=0.0):
    """All heads at once: (T, d), (S, d) -> (T, d)."""
    q, k, v = (
        linear(y, state, name).reshape(len(y), heads, -1).swapaxes(0, 1)
        for y, name in zip((x, memory, memory), names[:3], strict=True)
    )
    scores = q @ k.swapaxes(1, 2) / (np.sqrt(q.shape[-1]) if scale else 1) + bias
    z = softmax(np.where(keep, scores, -1e30)) @ v
    return linear(z.swapaxes(0, 1).reshape(len(x), -1), state, names[3])


def under(prefix, *names):
    return [f"{prefix}.{name}" for name in names]


def bert_layers(x, state, prefix, layers, heads, act, eps, keep):
    for n in range(layers):
        p = f"{prefix}.{n}"
        names = [*under(f"{p}.attention.self", "query", "key", "value"), f"{p}.attention.output.dense"]
        x = layer_norm(x + attend(x, x, state, names, heads, keep), state, f"{p}.attention.output.LayerNorm", eps)
        fed = linear(act(linear(x, state, f"{p}.intermediate.dense")), state, f"{p}.output.dense")
        x = layer_norm(x + fed, state, f"{p}.output.LayerNorm", eps)
    return x


def roberta(state, config, ids, mask):
    pad, e = config["pad_token_id"], "roberta.embeddings."
    places, count = [], pad
    for i in ids:
        count += i != pad
        places.append(pad if i == pad else count)
    x = state[e + "word_embeddings.weight"][ids] + state[e + "position_embeddings.weight"][places]
    x = x + state[e + "token_type_embeddings.weight"][0]
    eps = config["layer_norm_eps"]
    x = layer_norm(x, state, e + "LayerNorm", eps)
    act = ACTIVATIONS[config["hidden_act"]]
    heads, layers = config["num_attention_heads"], config["num_hidden_layers"]
    x = bert_layers(x, state, "roberta.encoder.layer", layers, heads, act, eps, np.array(mask) == 1)
    x = layer_norm(gelu(linear(x, state, "lm_head.dense")), state, "lm_head.layer_norm", eps)
    if config["tie_word_embeddings"]:
        return x @ state[e + "word_embeddings.weight"].T + state["lm_head.bias"]
    return linear(x, state, "lm_head.decoder")


def distilbert(state, config, ids, mask):
    e, act = "distilbert.embeddings.", ACTIVATIONS[config["activation"]]
    x = state[e + "word_embeddings.weight"][ids] + state[e + "position_embeddings.weight"][: len(ids)]
    x = layer_norm(x, state, e + "LayerNorm", 1e-12)
    for n in range(config["n_layers"]):
        p = f"distilbert.transformer.layer.{n}"
        names = under(f"{p}.attention", "q_lin", "k_lin", "v_lin", "out_lin")
        x = x + attend(x, x, state, names, config["n_heads"], np.array(mask) == 1)
        x = layer_norm(x, state, f"{p}.sa_layer_norm", 1e-12)
        fed = linear(act(linear(x, state, f"{p}.ffn.lin1")), state, f"{p}.ffn.lin2")
        x = layer_norm(x + fed, state, f"{p}.output_layer_norm", 1e-12)
    x = layer_norm(act(linear(x, state, "vocab_transform")), state, "vocab_layer_norm", 1e-12)
    out = state[e + "word_embeddings.weight"] if config["tie_word_embeddings"] else state["vocab_projector.weight"]
    return x @ out.T + state["vocab_projector.bias"]


def vit(state, config, pixels):
    size, e = config["patch_size"], "vit.embeddings."
    kernel = state[e + "patch_embeddings.projection.weight"]
    rows = []
    for top in range(0, pixels.shape[1] - size + 1, size):
        for left in range(0, pixels.shape[2] - size + 1, size):
            rows.append(np.einsum("chw,dchw->d", pixels[:, top : top + size, left : left + size], kernel))
    words = np.array(rows) + state[e + "patch_embeddings.projection.bias"]
    x = np.concatenate([state[e + "cls_token"][0], words]) + state[e + "position_embeddings"][0]
    eps, act = config["layer_norm_eps"], ACTIVATIONS[config["hidden_act"]]
    for n in range(config["num_hidden_layers"]):
        p = f"vit.encoder.layer.{n}"
        names = [*under(f"{p}.attention.attention", "query", "key", "value"), f"{p}.attention.output.dense"]
        y = layer_norm(x, state, f"{p}.layernorm_before", eps)
        x = x + attend(y, y, state, names, config["num_attention_heads"], True)
        y = layer_norm(x, state, f"{p}.layernorm_after", eps)
        x = x + linear(act(linear(y, state, f"{p}.intermediate.dense")), state, f"{p}.output.dense")
    return linear(layer_norm(x, state, "vit.layernorm", eps)[:1], state, "classifier")


def bart(state, config, ids, target_ids, mask):
    """BART, and Marian where there is no table of positions."""
    d, act = config["d_model"], ACTIVATIONS[config["activation_function"]]
    shared = "model.shared.weight"

    def embedded(side, ids):
        table = state[shared if shared in state else f"model.{side}.embed_tokens.weight"]
        x = table[ids] * (np.sqrt(d) if config["scale_embedding"] else 1)
        if config["model_type"] == "bart":
            x = x + state[f"model.{side}.embed_positions.weight"][2 : 2 + len(ids)]
            return layer_norm(x, state, f"model.{side}.layernorm_embedding", 1e-5)
        angles = np.arange(len(ids))[:, None] / 10000 ** (np.arange(0, d, 2) / d)
        return x + np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :d]

    def sublayer(x, memory, p, kind, heads, keep):
        names = under(f"{p}.{kind}", "q_proj", "k_proj", "v_proj", "out_proj")
        return layer_norm(x + attend(x, memory, state, names, heads, keep), state, f"{p}.{kind}_layer_norm", 1e-5)

    def feed(x, p):
        return layer_norm(
            x + linear(act(linear(x, state, f"{p}.fc1")), state, f"{p}.fc2"), state, f"{p}.final_layer_norm", 1e-5
        )

    keep = np.array(mask) == 1
    memory = embedded("encoder", ids)
    for n in range(config["encoder_layers"]):
        p = f"model.encoder.layers.{n}"
        memory = feed(sublayer(memory, memory, p, "self_attn", config["encoder_attention_heads"], keep), p)
    x, heads = embedded("decoder", target_ids), config["decoder_attention_heads"]
    for n in range(config["decoder_layers"]):
        p = f"model.decoder.layers.{n}"
        x = sublayer(x, x, p, "self_attn", heads, np.tri(len(x)) == 1)
        x = feed(sublayer(x, memory, p, "encoder_attn", heads, keep), p)
    if config["tie_word_embeddings"]:
        out = state[shared if shared in state else "model.decoder.embed_tokens.weight"]
    else:
        out = state["lm_head.weight"]
    return x @ out.T + state["final_logits_bias"]


def bucket(distance, both_ways, buckets, farthest):
    """T5's bucket of one distance, key less query."""
    start = 0
    if both_ways:
        buckets //= 2
        start, away = (buckets if distance > 0 else 0), abs(distance)
    else:
        away = max(-distance, 0)
    exact = buckets // 2
    if away < exact:
        return start + away
    return start + min(buckets - 1, exact + int(np.log(away / exact) / np.log(farthest / exact) * (buckets - exact)))


def t5(state, config, ids, target_ids, mask):
    heads, eps = config["num_heads"], config["layer_norm_epsilon"]
    kind = config["feed_forward_proj"]
    act = ACTIVATIONS["gelu_new" if kind == "gated-gelu" else kind.removeprefix("gated-")]

    def bias(side, length):
        table = state[f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
        sizes = config["relative_attention_num_buckets"], config["relative_attention_max_distance"]
        rows = [[bucket(j - i, side == "encoder", *sizes) for j in range(length)] for i in range(length)]
        return np.moveaxis(table[np.array(rows)], -1, 0)

    def attention(x, memory, p, name, keep, bias):
        y = rms_norm(x, state, f"{p}.layer_norm", eps)
        names = under(f"{p}.{name}", "q", "k", "v", "o")
        return x + attend(y, y if memory is None else memory, state, names, heads, keep, scale=False, bias=bias)

    def feed(x, p):
        y, p = rms_norm(x, state, f"{p}.layer_norm", eps), f"{p}.DenseReluDense"
        if kind.startswith("gated-"):
            return x + linear(act(linear(y, state, f"{p}.wi_0")) * linear(y, state, f"{p}.wi_1"), state, f"{p}.wo")
        return x + linear(act(linear(y, state, f"{p}.wi")), state, f"{p}.wo")

    table, keep = state["shared.weight"], np.array(mask) == 1
    x, b = table[ids], bias("encoder", len(ids))
    for n in range(config["num_layers"]):
        p = f"encoder.block.{n}.layer"
        x = feed(attention(x, None, f"{p}.0", "SelfAttention", keep, b), f"{p}.1")
    memory = rms_norm(x, state, "encoder.final_layer_norm", eps)
    x, b = table[target_ids], bias("decoder", len(target_ids))
    for n in range(config["num_decoder_layers"]):
        p = f"decoder.block.{n}.layer"
        x = attention(x, None, f"{p}.0", "SelfAttention", np.tri(len(x)) == 1, b)
        x = feed(attention(x, memory, f"{p}.1", "EncDecAttention", keep, 0.0), f"{p}.2")
    x = rms_norm(x, state, "decoder.final_layer_norm", eps)
    if config["tie_word_embeddings"]:
        return x / np.sqrt(config["d_model"]) @ table.T
    return x @ state["lm_head.weight"].T
