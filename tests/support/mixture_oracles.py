"""DeepSeek-V3 and Mamba in plain numpy, as transformers defines them; never byhand. One prompt, no batch."""

import math

import numpy as np

from support.decoder_oracles import ACTIVATIONS, grown, linear, rms_norm, rotated, seen, swiglu
from support.oracles import softmax


def deepseek(state, config, ids):
    """DeepseekV3ForCausalLM."""
    eps, act = config["rms_norm_eps"], ACTIVATIONS[config["hidden_act"]]
    x = state["model.embed_tokens.weight"][ids]
    for n in range(config["num_hidden_layers"]):
        layer = f"model.layers.{n}"
        y = rms_norm(x, state[f"{layer}.input_layernorm.weight"], eps)
        x = x + latent_attention(y, state, config, f"{layer}.self_attn")
        y = rms_norm(x, state[f"{layer}.post_attention_layernorm.weight"], eps)
        if n < config["first_k_dense_replace"]:
            x = x + swiglu(y, state, f"{layer}.mlp", act)
        else:
            x = x + routed(y, state, config, f"{layer}.mlp", act) + swiglu(y, state, f"{layer}.mlp.shared_experts", act)
    x = rms_norm(x, state["model.norm.weight"], eps)
    return x @ state["model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"].T


def latent_attention(x, state, config, name):
    """Queries, keys and values from latents; only a part of each query and one common key turn with their position."""
    heads, still, turning = (config[key] for key in ("num_attention_heads", "qk_nope_head_dim", "qk_rope_head_dim"))
    rank, wide, pairs = config["kv_lora_rank"], config["v_head_dim"], config["rope_interleave"]
    scaling = config.get("rope_scaling") or {}
    scale = grown(scaling, scaling["mscale_all_dim"]) ** 2 if scaling.get("mscale_all_dim") else 1.0
    if config["q_lora_rank"] is None:
        q = linear(x, state, f"{name}.q_proj")
    else:
        latent = rms_norm(linear(x, state, f"{name}.q_a_proj"), state[f"{name}.q_a_layernorm.weight"], 1e-6)
        q = linear(latent, state, f"{name}.q_b_proj")
    down = linear(x, state, f"{name}.kv_a_proj_with_mqa")
    latent = rms_norm(down[:, :rank], state[f"{name}.kv_a_layernorm.weight"], 1e-6)
    up = linear(latent, state, f"{name}.kv_b_proj").reshape(len(x), heads, still + wide)
    q, z = q.reshape(len(x), heads, still + turning), []
    common = rotated(down[:, rank:], config, turning, pairs)
    for h in range(heads):
        scores = q[:, h, :still] @ up[:, h, :still].T + rotated(q[:, h, still:], config, turning, pairs) @ common.T
        scores = scores * scale / math.sqrt(still + turning)
        z.append(softmax(np.where(seen(len(x)), scores, -np.inf)) @ up[:, h, still:])
    return linear(np.hstack(z), state, f"{name}.o_proj")


def routed(x, state, config, name, act):
    """Word by word: the best groups by their two best experts, and in them the best experts."""
    out, groups = np.zeros_like(x), config["n_group"]
    for t, logits in enumerate(linear(x, state, f"{name}.gate")):
        scores = 1 / (1 + np.exp(-logits))
        biased = scores + state[f"{name}.gate.e_score_correction_bias"]
        size = len(biased) // groups
        worth = [np.sort(biased[g * size : (g + 1) * size])[-2:].sum() for g in range(groups)]
        best = np.argsort(worth)[::-1][: config["topk_group"]]
        open_to = [e for g in best for e in range(g * size, (g + 1) * size)]
        chosen = sorted(open_to, key=lambda e: -biased[e])[: config["num_experts_per_tok"]]
        total = scores[chosen].sum() if config["norm_topk_prob"] else 1.0
        for e in chosen:
            gate = scores[e] / total * config["routed_scaling_factor"]
            out[t] += gate * swiglu(x[t : t + 1], state, f"{name}.experts.{e}", act)[0]
    return out


def mamba(state, config, ids):
    """MambaForCausalLM: the recurrence word by word."""
    silu, size, eps = ACTIVATIONS["silu"], config["state_size"], config["layer_norm_epsilon"]
    x = state["backbone.embeddings.weight"][ids]
    for n in range(config["num_hidden_layers"]):
        layer = f"backbone.layers.{n}.mixer"
        y = rms_norm(x, state[f"backbone.layers.{n}.norm.weight"], eps)
        u, gate = np.split(linear(y, state, f"{layer}.in_proj"), 2, axis=1)
        kernel = state[f"{layer}.conv1d.weight"][:, 0]
        width = kernel.shape[1]
        late = np.vstack((np.zeros((width - 1, u.shape[1])), u))
        u = np.array([(late[t : t + width].T * kernel).sum(1) for t in range(len(u))])
        u = silu(u + state.get(f"{layer}.conv1d.bias", 0))
        low, b, c = np.split(linear(u, state, f"{layer}.x_proj"), [-2 * size, -size], axis=1)
        step = np.log1p(np.exp(linear(low, state, f"{layer}.dt_proj")))
        a, h, outputs = -np.exp(state[f"{layer}.A_log"]), 0.0, []
        for t in range(len(u)):
            h = np.exp(step[t][:, None] * a) * h + step[t][:, None] * b[t] * u[t][:, None]
            outputs.append(h @ c[t] + state[f"{layer}.D"] * u[t])
        x = x + linear(np.array(outputs) * silu(gate), state, f"{layer}.out_proj")
    x = rms_norm(x, state["backbone.norm_f.weight"], eps)
    return x @ state["backbone.embeddings.weight" if config["tie_word_embeddings"] else "lm_head.weight"].T
