"""Decoder-only families in plain numpy, as transformers defines them; never byhand. One prompt, no batch.

`state` is a checkpoint's tensors by its own names, `config` its config.json with every key that is read here.
"""

import math

import numpy as np

from support.oracles import ACTIVATIONS, layer_norm, softmax

ACTIVATIONS = ACTIVATIONS | {"silu": lambda x: x / (1 + np.exp(-x))}


def linear(x, state, name):
    """torch.nn.Linear, with its bias where there is one."""
    y = x @ state[f"{name}.weight"].T
    return y + state[f"{name}.bias"] if f"{name}.bias" in state else y


def rms_norm(x, gain, eps):
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps) * gain


def rates(config, turned):
    """Of each pair of features: modeling_rope_utils.py, one pair after the other."""
    rope = config.get("rope_parameters") or {}
    theta = rope.get("rope_theta", config.get("rope_theta", 10000.0))
    scaling = rope or config.get("rope_scaling") or {}
    kind = scaling.get("rope_type", scaling.get("type", "default"))
    found = []
    for n in range(turned // 2):
        rate = theta ** (-2 * n / turned)
        if kind == "linear":
            rate /= scaling["factor"]
        if kind == "llama3":
            length = 2 * math.pi / rate
            old, low, high = (
                scaling[k] for k in ("original_max_position_embeddings", "low_freq_factor", "high_freq_factor")
            )
            if length > old / low:
                rate /= scaling["factor"]
            elif length >= old / high:
                smooth = (old / length - low) / (high - low)
                rate = (1 - smooth) * rate / scaling["factor"] + smooth * rate
        if kind == "yarn":
            first, last = yarn_pairs(scaling, turned, theta)
            slowed = min(max((n - first) / (last - first), 0), 1)
            rate = slowed * rate / scaling["factor"] + (1 - slowed) * rate
        found.append(rate)
    return found


def yarn_pairs(scaling, turned, theta):
    """YaRN: from which pair to which the rates are slowed more and more."""
    old = scaling["original_max_position_embeddings"]
    first, last = (
        turned * math.log(old / (scaling.get(key) or default) / 2 / math.pi) / 2 / math.log(theta)
        for key, default in (("beta_fast", 32), ("beta_slow", 1))
    )
    if scaling.get("truncate", True):
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, turned - 1)
    return first, last + 0.001 if first == last else last


def yarn_size(scaling):
    """YaRN: by how much queries and keys grow."""
    if scaling.get("rope_type", scaling.get("type")) != "yarn":
        return 1.0
    if scaling.get("attention_factor") is not None:
        return scaling["attention_factor"]
    one, every = scaling.get("mscale"), scaling.get("mscale_all_dim")
    return grown(scaling, one) / grown(scaling, every) if one and every else grown(scaling, 1)


def grown(scaling, weight):
    return 0.1 * weight * math.log(scaling["factor"]) + 1 if scaling["factor"] > 1 else 1.0


def rotated(x, config, turned, neighbours=False):
    """Feature n of a head and the one half a row on, or its neighbour, as a point: turned by position × rate."""
    out = x.copy()
    size = yarn_size(config.get("rope_parameters") or config.get("rope_scaling") or {})
    for t in range(len(x)):
        for n, rate in enumerate(rates(config, turned)):
            i, j = (2 * n, 2 * n + 1) if neighbours else (n, n + turned // 2)
            cos, sin = size * math.cos(t * rate), size * math.sin(t * rate)
            out[t, i], out[t, j] = x[t, i] * cos - x[t, j] * sin, x[t, i] * sin + x[t, j] * cos
    return out


def seen(length, window=None):
    """Whether query i may see key j."""
    return np.array([[j <= i and (window is None or i - j < window) for j in range(length)] for i in range(length)])


def llama(state, config, ids):
    """LlamaForCausalLM, and those of Mistral, Qwen2, Qwen3, Gemma, Gemma2 and Mixtral."""
    kind, heads, d = config["model_type"], config["num_attention_heads"], config["hidden_size"]
    kv = config.get("num_key_value_heads") or heads
    d_k = config.get("head_dim") or d // heads
    eps = config["rms_norm_eps"]
    act = ACTIVATIONS[config.get("hidden_activation") or config["hidden_act"]]
    more = 1 if kind in ("gemma", "gemma2") else 0
    divisor = math.sqrt(config["query_pre_attn_scalar"] if kind == "gemma2" else d_k)

    def norm(x, name):
        return rms_norm(x, more + state[f"{name}.weight"], eps)

    x = state["model.embed_tokens.weight"][ids]
    if more:
        x = x * math.sqrt(d)
    for n in range(config["num_hidden_layers"]):
        layer = f"model.layers.{n}"
        window = config.get("sliding_window") if kind in ("mistral", "mixtral") else None
        if config.get("use_sliding_window") and n >= config["max_window_layers"]:
            window = config["sliding_window"]
        if kind == "gemma2" and n % 2 == 0:
            window = config["sliding_window"]
        if "layer_types" in config:
            window = config["sliding_window"] if config["layer_types"][n] == "sliding_attention" else None
        y, z = norm(x, f"{layer}.input_layernorm"), []
        q, k, v = (linear(y, state, f"{layer}.self_attn.{p}_proj") for p in "qkv")
        for h in range(heads):
            group = h // (heads // kv)
            qh, kh, vh = q[:, h * d_k : (h + 1) * d_k], *(a[:, group * d_k : (group + 1) * d_k] for a in (k, v))
            if kind == "qwen3":
                qh, kh = norm(qh, f"{layer}.self_attn.q_norm"), norm(kh, f"{layer}.self_attn.k_norm")
            qh, kh = rotated(qh, config, d_k), rotated(kh, config, d_k)
            scores = capped(qh @ kh.T / divisor, config.get("attn_logit_softcapping"))
            z.append(softmax(np.where(seen(len(ids), window), scores, -np.inf)) @ vh)
        change = linear(np.hstack(z), state, f"{layer}.self_attn.o_proj")
        if kind == "gemma2":
            x = x + norm(change, f"{layer}.post_attention_layernorm")
            fed = swiglu(norm(x, f"{layer}.pre_feedforward_layernorm"), state, f"{layer}.mlp", act)
            x = x + norm(fed, f"{layer}.post_feedforward_layernorm")
            continue
        x = x + change
        y = norm(x, f"{layer}.post_attention_layernorm")
        x = x + (experts(y, state, config, layer, act) if kind == "mixtral" else swiglu(y, state, f"{layer}.mlp", act))
    x = norm(x, "model.norm")
    logits = x @ state["model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"].T
    return capped(logits, config.get("final_logit_softcapping"))


def capped(x, cap):
    return cap * np.tanh(x / cap) if cap else x


def swiglu(x, state, name, act, parts=("gate_proj", "up_proj", "down_proj")):
    gate, up, down = (f"{name}.{part}" for part in parts)
    return linear(act(linear(x, state, gate)) * linear(x, state, up), state, down)


def experts(x, state, config, layer, act):
    """Word by word, only the experts that are chosen."""
    out = np.zeros_like(x)
    for t, logits in enumerate(linear(x, state, f"{layer}.block_sparse_moe.gate")):
        best = sorted(range(len(logits)), key=lambda e: -logits[e])[: config["num_experts_per_tok"]]
        for e, gate in zip(best, softmax(logits[best]), strict=True):
            expert = f"{layer}.block_sparse_moe.experts.{e}"
            out[t] += gate * swiglu(x[t : t + 1], state, expert, act, ("w1", "w3", "w2"))[0]
    return out


def gpt_neox(state, config, ids):
    """GPTNeoXForCausalLM, with the config's second form of names."""
    heads, d, eps = config["num_attention_heads"], config["hidden_size"], config["layer_norm_eps"]
    d_k = d // heads
    turned = int(d_k * config["rotary_pct"])
    x = state["gpt_neox.embed_in.weight"][ids]
    for n in range(config["num_hidden_layers"]):
        layer, z = f"gpt_neox.layers.{n}", []
        y = layer_norm(x, state, f"{layer}.input_layernorm", eps)
        fused = linear(y, state, f"{layer}.attention.query_key_value").reshape(len(ids), heads, 3, d_k)
        for h in range(heads):
            q, k, v = fused[:, h, 0], fused[:, h, 1], fused[:, h, 2]
            q, k = (rotated(a, config | {"rope_theta": config["rotary_emb_base"]}, turned) for a in (q, k))
            z.append(softmax(np.where(seen(len(ids)), q @ k.T / math.sqrt(d_k), -np.inf)) @ v)
        change = linear(np.hstack(z), state, f"{layer}.attention.dense")
        attended = x if config["use_parallel_residual"] else x + change
        y = layer_norm(attended, state, f"{layer}.post_attention_layernorm", eps)
        hidden = ACTIVATIONS[config["hidden_act"]](linear(y, state, f"{layer}.mlp.dense_h_to_4h"))
        x = x + change + linear(hidden, state, f"{layer}.mlp.dense_4h_to_h")
    x = layer_norm(x, state, "gpt_neox.final_layer_norm", eps)
    return x @ state["gpt_neox.embed_in.weight" if config["tie_word_embeddings"] else "embed_out.weight"].T


def slopes(heads):
    """ALiBi's published code: of a power of 2 one series, of other numbers two."""
    if math.log2(heads).is_integer():
        start = 2 ** (-(2 ** -(math.log2(heads) - 3)))
        return [start * start**n for n in range(heads)]
    closest = 2 ** math.floor(math.log2(heads))
    return slopes(closest) + slopes(2 * closest)[0::2][: heads - closest]


def bloom(state, config, ids):
    """BloomForCausalLM, whose GELU has √(2/π) with eight digits."""
    heads, d, eps = config["n_head"], config["hidden_size"], config["layer_norm_epsilon"]
    place = np.arange(len(ids))
    x = layer_norm(
        state["transformer.word_embeddings.weight"][ids], state, "transformer.word_embeddings_layernorm", eps
    )
    for n in range(config["n_layer"]):
        layer, z = f"transformer.h.{n}", []
        y = layer_norm(x, state, f"{layer}.input_layernorm", eps)
        fused = linear(y, state, f"{layer}.self_attention.query_key_value").reshape(len(ids), heads, 3, d // heads)
        for h, slope in enumerate(slopes(heads)):
            q, k, v = fused[:, h, 0], fused[:, h, 1], fused[:, h, 2]
            scores = q @ k.T / math.sqrt(d // heads) + slope * place
            z.append(softmax(np.where(seen(len(ids)), scores, -np.inf)) @ v)
        x = x + linear(np.hstack(z), state, f"{layer}.self_attention.dense")
        y = layer_norm(x, state, f"{layer}.post_attention_layernorm", eps)
        hidden = linear(y, state, f"{layer}.mlp.dense_h_to_4h")
        hidden = hidden * 0.5 * (1 + np.tanh(0.79788456 * hidden * (1 + 0.044715 * hidden * hidden)))
        x = x + linear(hidden, state, f"{layer}.mlp.dense_4h_to_h")
    x = layer_norm(x, state, "transformer.ln_f", eps)
    return x @ state["transformer.word_embeddings.weight" if config["tie_word_embeddings"] else "lm_head.weight"].T


def llama_shapes(config):
    """The tensors of a checkpoint of the Llama layout."""
    d, heads, d_ff = config["hidden_size"], config["num_attention_heads"], config["intermediate_size"]
    kv = config.get("num_key_value_heads") or heads
    d_k = config.get("head_dim") or d // heads
    kind = config["model_type"]
    shapes = {"model.embed_tokens.weight": (config["vocab_size"], d), "model.norm.weight": (d,)}
    if not config["tie_word_embeddings"]:
        shapes["lm_head.weight"] = (config["vocab_size"], d)
    for n in range(config["num_hidden_layers"]):
        layer = f"model.layers.{n}"
        shapes |= {f"{layer}.{name}_layernorm.weight": (d,) for name in ("input", "post_attention")}
        for name, outs in (("q", heads * d_k), ("k", kv * d_k), ("v", kv * d_k)):
            shapes[f"{layer}.self_attn.{name}_proj.weight"] = (outs, d)
            if config.get("attention_bias") or kind == "qwen2":
                shapes[f"{layer}.self_attn.{name}_proj.bias"] = (outs,)
        shapes[f"{layer}.self_attn.o_proj.weight"] = (d, heads * d_k)
        if config.get("attention_bias"):
            shapes[f"{layer}.self_attn.o_proj.bias"] = (d,)
        if kind == "qwen3":
            shapes |= {f"{layer}.self_attn.{name}_norm.weight": (d_k,) for name in "qk"}
        if kind == "mixtral":
            count = config["num_local_experts"]
            shapes[f"{layer}.block_sparse_moe.gate.weight"] = (count, d)
            for e in range(count):
                whole = f"{layer}.block_sparse_moe.experts.{e}"
                shapes |= {f"{whole}.w{w}.weight": (d, d_ff) if w == 2 else (d_ff, d) for w in (1, 2, 3)}
            continue
        for name, shape in (("gate", (d_ff, d)), ("up", (d_ff, d)), ("down", (d, d_ff))):
            shapes[f"{layer}.mlp.{name}_proj.weight"] = shape
            if config.get("mlp_bias"):
                shapes[f"{layer}.mlp.{name}_proj.bias"] = shape[:1]
    return shapes


def fused_shapes(config):
    """The tensors of GPT-NeoX and BLOOM."""
    d, neox = config["hidden_size"], config["model_type"] == "gpt_neox"
    body, attention = ("gpt_neox", "attention") if neox else ("transformer", "self_attention")
    d_ff = config["intermediate_size"] if neox else 4 * d
    shapes, norms = {f"{body}.{'embed_in' if neox else 'word_embeddings'}.weight": (config["vocab_size"], d)}, []
    for n in range(config["num_hidden_layers" if neox else "n_layer"]):
        layer = f"{body}.{'layers' if neox else 'h'}.{n}"
        norms += [f"{layer}.input_layernorm", f"{layer}.post_attention_layernorm"]
        for name, outs, ins in (
            (f"{attention}.query_key_value", 3 * d, d),
            (f"{attention}.dense", d, d),
            ("mlp.dense_h_to_4h", d_ff, d),
            ("mlp.dense_4h_to_h", d, d_ff),
        ):
            shapes |= {f"{layer}.{name}.weight": (outs, ins), f"{layer}.{name}.bias": (outs,)}
    norms += [f"{body}.final_layer_norm"] if neox else [f"{body}.ln_f", f"{body}.word_embeddings_layernorm"]
    for name in norms:
        shapes |= {f"{name}.weight": (d,), f"{name}.bias": (d,)}
    if not config["tie_word_embeddings"]:
        shapes["embed_out.weight" if neox else "lm_head.weight"] = (config["vocab_size"], d)
    if neox and not config.get("attention_bias", True):
        shapes = {k: v for k, v in shapes.items() if not (".attention." in k and k.endswith("bias"))}
    return shapes
