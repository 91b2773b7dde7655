"""Made references: many configs of later families with random weights, and the logits that transformers computes.

Run where torch and transformers are: python tests/support/made_families.py writes tests/data/made_families.npz, which
holds each config, the shapes of its tensors, and logits in float64. The weights are `state_of` these shapes, so that
they need no place.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).parents[1] / "data" / "made_families.npz"
IDS = [3, 1, 4, 1, 5, 9, 2, 6]
TINY = {"vocab_size": 11, "hidden_size": 12, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 10}
LLAMA = TINY | {"num_key_value_heads": 1, "head_dim": 4, "hidden_act": "silu", "max_position_embeddings": 32}
DYNAMIC = {"rope_type": "dynamic", "factor": 3.0, "rope_theta": 50.0}
LONG = {"short_factor": [1.0, 1.5], "long_factor": [2.0, 5.0], "rope_theta": 70.0, "rope_type": "longrope"}
BOTH = {
    "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 90.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 7.0},
}
MIXED = ["full_attention", "sliding_attention", "sliding_attention"]
FALCON = {"vocab_size": 11, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 6, "ffn_hidden_size": 10}
OPT = {"vocab_size": 11, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3, "ffn_dim": 10}
OPT |= {"max_position_embeddings": 9}
ALBERT = TINY | {"embedding_size": 5, "max_position_embeddings": 9, "type_vocab_size": 2}
NEO = {"vocab_size": 11, "hidden_size": 12, "num_layers": 3, "num_heads": 3, "max_position_embeddings": 9}
GPT_NEOX = TINY | {"max_position_embeddings": 32}
ROPE = {"rope_type": "default", "rope_theta": 30.0}
CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "gemma3": ("Gemma3ForCausalLM", LLAMA | {"sliding_window": 2, "query_pre_attn_scalar": 9}),
    "gemma3 by kind": (
        "Gemma3ForCausalLM",
        LLAMA | {"sliding_window": 3, "layer_types": MIXED, "rope_parameters": BOTH},
    ),
    "gemma3 caps": (
        "Gemma3ForCausalLM",
        LLAMA | {"sliding_window": 3, "final_logit_softcapping": 2.0, "attention_bias": True},
    ),
    "gpt_oss": ("GptOssForCausalLM", LLAMA | {"num_local_experts": 5, "num_experts_per_tok": 3, "sliding_window": 2}),
    "gpt_oss limit": (
        "GptOssForCausalLM",
        LLAMA
        | {"num_local_experts": 3, "num_experts_per_tok": 1, "swiglu_limit": 0.5, "swiglu_alpha": 1.1}
        | {"attention_bias": False, "layer_types": MIXED, "sliding_window": 3, "tie_word_embeddings": True},
    ),
    "qwen3_moe": (
        "Qwen3MoeForCausalLM",
        LLAMA
        | {"num_experts": 5, "num_experts_per_tok": 3, "moe_intermediate_size": 6, "norm_topk_prob": False}
        | {"decoder_sparse_step": 2},
    ),
    "qwen3_moe dense": (
        "Qwen3MoeForCausalLM",
        LLAMA
        | {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 6, "norm_topk_prob": True}
        | {"mlp_only_layers": [0, 2], "use_sliding_window": True, "sliding_window": 3, "attention_bias": True},
    ),
    "olmo2": ("Olmo2ForCausalLM", LLAMA | {"num_key_value_heads": 3}),
    "olmo2 shared": ("Olmo2ForCausalLM", LLAMA | {"attention_bias": True, "tie_word_embeddings": True}),
    "phi3": ("Phi3ForCausalLM", LLAMA | {"pad_token_id": 0, "sliding_window": 3, "tie_word_embeddings": True}),
    "phi3 part": (
        "Phi3ForCausalLM",
        LLAMA
        | {"hidden_size": 24, "head_dim": 8, "pad_token_id": 0}
        | {"rope_parameters": {"rope_type": "default", "partial_rotary_factor": 0.5, "rope_theta": 60.0}},
    ),
    "phi3 long": (
        "Phi3ForCausalLM",
        LLAMA | {"pad_token_id": 0, "original_max_position_embeddings": 6, "rope_parameters": LONG},
    ),
    "phi3 short": (
        "Phi3ForCausalLM",
        LLAMA | {"pad_token_id": 0, "original_max_position_embeddings": 8, "rope_parameters": LONG},
    ),
    "smollm3": ("SmolLM3ForCausalLM", LLAMA | {"no_rope_layer_interval": 2, "pad_token_id": 0}),
    "smollm3 window": (
        "SmolLM3ForCausalLM",
        LLAMA
        | {"no_rope_layers": [0, 1, 0], "use_sliding_window": True, "sliding_window": 2, "pad_token_id": 0}
        | {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": False},
    ),
    "cohere": ("CohereForCausalLM", LLAMA | {"use_qk_norm": True, "logit_scale": 1.7, "attention_bias": True}),
    "cohere apart": ("CohereForCausalLM", LLAMA | {"num_key_value_heads": 3, "tie_word_embeddings": False}),
    "gptj": (
        "GPTJForCausalLM",
        {"vocab_size": 11, "n_embd": 12, "n_layer": 2, "n_head": 3, "n_inner": 7, "rotary_dim": 4, "n_positions": 16},
    ),
    "gptj tied": (
        "GPTJForCausalLM",
        {"vocab_size": 11, "n_embd": 20, "n_layer": 2, "n_head": 2, "rotary_dim": 6, "n_positions": 16}
        | {"activation_function": "relu", "tie_word_embeddings": True},
    ),
    "falcon": ("FalconForCausalLM", FALCON | {"bias": True, "activation": "relu"}),
    "falcon new": ("FalconForCausalLM", FALCON | {"new_decoder_architecture": True, "num_kv_heads": 2, "bias": True}),
    "falcon one norm": (
        "FalconForCausalLM",
        FALCON | {"new_decoder_architecture": True, "num_kv_heads": 3, "num_ln_in_parallel_attn": 1},
    ),
    "falcon one after the other": (
        "FalconForCausalLM",
        FALCON | {"parallel_attn": False, "multi_query": False, "alibi": True, "bias": True},
    ),
    "falcon alibi": ("FalconForCausalLM", FALCON | {"alibi": True, "tie_word_embeddings": False}),
    "opt": ("OPTForCausalLM", OPT | {"word_embed_proj_dim": 5, "do_layer_norm_before": False}),
    "opt plain": (
        "OPTForCausalLM",
        OPT | {"enable_bias": False, "layer_norm_elementwise_affine": False, "activation_function": "gelu"},
    ),
    "opt narrow": ("OPTForCausalLM", OPT | {"word_embed_proj_dim": 7, "tie_word_embeddings": False}),
    "albert": ("AlbertForMaskedLM", ALBERT | {"num_hidden_groups": 2, "hidden_act": "gelu"}),
    "albert apart": ("AlbertForMaskedLM", ALBERT | {"tie_word_embeddings": False, "hidden_act": "relu"}),
    "gpt_neo": (
        "GPTNeoForCausalLM",
        NEO | {"attention_types": [[["global", "local"], 1], [["local"], 1]], "window_size": 2},
    ),
    "gpt_neo wide": (
        "GPTNeoForCausalLM",
        NEO | {"attention_types": [[["local"], 3]], "window_size": 3, "intermediate_size": 7},
    ),
    "bloom": (
        "BloomForCausalLM",
        {
            "vocab_size": 11,
            "hidden_size": 12,
            "n_layer": 2,
            "n_head": 3,
            "apply_residual_connection_post_layernorm": True,
        },
    ),
    "llama dynamic": ("LlamaForCausalLM", LLAMA | {"max_position_embeddings": 5, "rope_parameters": DYNAMIC}),
    "llama short": ("LlamaForCausalLM", LLAMA | {"max_position_embeddings": 8, "rope_parameters": DYNAMIC}),
    "llama longrope": (
        "LlamaForCausalLM",
        LLAMA
        | {
            "rope_parameters": LONG | {"factor": 4.0, "original_max_position_embeddings": 4},
            "hidden_act": "quick_gelu",
        },
    ),
    "llama attention factor": (
        "LlamaForCausalLM",
        LLAMA
        | {"rope_parameters": LONG | {"attention_factor": 1.3, "original_max_position_embeddings": 16}}
        | {"hidden_act": "relu2"},
    ),
    "gpt_neox a lone feature": (
        "GPTNeoXForCausalLM",
        GPT_NEOX | {"rope_parameters": ROPE | {"partial_rotary_factor": 0.3}},
    ),
    "gpt_neox none": ("GPTNeoXForCausalLM", GPT_NEOX | {"rope_parameters": ROPE | {"partial_rotary_factor": 0.2}}),
    "gpt_neox odd": ("GPTNeoXForCausalLM", GPT_NEOX | {"rope_parameters": ROPE | {"partial_rotary_factor": 0.75}}),
}


BERT = TINY | {"max_position_embeddings": 12, "type_vocab_size": 2, "pad_token_id": 0}
LABELS = {"num_labels": 4, "id2label": {n: f"kind {n}" for n in range(4)}}
T5 = {"vocab_size": 11, "d_model": 8, "d_kv": 3, "d_ff": 10, "num_layers": 2, "num_heads": 2, "pad_token_id": 0}
GPT2 = {"vocab_size": 11, "n_embd": 12, "n_layer": 2, "n_head": 3, "n_positions": 12, "pad_token_id": 0}
KINDS = {"SequenceClassification": LABELS, "TokenClassification": LABELS, "QuestionAnswering": {}, "MultipleChoice": {}}
ENDINGS: dict[str, tuple[str, dict[str, Any]]] = {
    f"{family}For{task}": (f"{family}For{task}", said | more)
    for family, said in (
        ("Bert", BERT),
        ("Roberta", BERT | {"pad_token_id": 1}),
        ("DistilBert", {"vocab_size": 11, "dim": 12, "n_layers": 2, "n_heads": 3, "hidden_dim": 10, "pad_token_id": 0}),
        ("Albert", ALBERT | {"pad_token_id": 0}),
    )
    for task, more in KINDS.items()
}
ENDINGS |= {
    "BertModel": ("BertModel", BERT),
    "several": ("BertForSequenceClassification", BERT | LABELS | {"problem_type": "multi_label_classification"}),
    "regression": ("BertForSequenceClassification", BERT | {"num_labels": 1}),
    "T5EncoderModel": ("T5EncoderModel", T5),
    "GPT2Model": ("GPT2Model", GPT2),
    "GPT2ForSequenceClassification": ("GPT2ForSequenceClassification", GPT2 | LABELS),
    "LlamaModel": ("LlamaModel", LLAMA | {"pad_token_id": 0}),
    "Qwen3ForSequenceClassification": ("Qwen3ForSequenceClassification", LLAMA | LABELS | {"pad_token_id": 0}),
    "LlamaForTokenClassification": ("LlamaForTokenClassification", LLAMA | LABELS | {"pad_token_id": 0}),
    "OPTModel": ("OPTModel", OPT | {"word_embed_proj_dim": 5}),
    "a decoder of BERT's kind": ("BertLMHeadModel", BERT | {"is_decoder": True}),
    "a decoder of RoBERTa's kind": ("RobertaForCausalLM", BERT | {"is_decoder": True, "pad_token_id": 1}),
}
"""Models that end otherwise than in words, and encoders that see no later words."""


def ends(model: Any, ids: Any) -> Any:
    """The numbers in which a model ends: (T, d), (T, classes), (1, classes) or, of an answer, (T, 2)."""
    import torch

    out = model(ids[None] if "MultipleChoice" in type(model).__name__ else ids)
    if hasattr(out, "start_logits"):
        return torch.stack([out.start_logits[0], out.end_logits[0]], 1)
    numbers = out.logits if hasattr(out, "logits") else out.last_hidden_state
    return torch.atleast_2d(numbers[0])


def write() -> None:
    """Compute all with transformers, in float64 also where its code asks for float32."""
    import tempfile

    import torch
    import transformers
    from made_weights import state_of
    from safetensors.numpy import load_file, save_file

    torch.set_default_dtype(torch.float64)
    torch.float = torch.float32 = torch.float64
    torch.Tensor.float = torch.Tensor.double
    kept: dict[str, Any] = {}
    for name, (kind, said) in {**CONFIGS, **ENDINGS}.items():
        made = getattr(transformers, kind)
        with tempfile.TemporaryDirectory() as folder:
            made(made.config_class(**said)).save_pretrained(folder)
            weights, config = Path(folder, "model.safetensors"), Path(folder, "config.json")
            shapes = {key: t.shape for key, t in load_file(weights).items()}
            save_file({key: t.astype(np.float64) for key, t in state_of(shapes).items()}, weights, {"format": "pt"})
            # with eager attention, Falcon's ALiBi is added twice, once in the mask; as in its paper, it counts once
            attention = "sdpa" if said.get("alibi") else "eager"
            eager = {"attn_implementation": attention, "experts_implementation": "eager"}
            model = made.from_pretrained(folder, dtype=torch.float64, **eager).eval()
            text = config.read_text()
        with torch.no_grad():
            kept[f"{name}.logits"] = ends(model, torch.tensor([IDS])).numpy()
        kept[f"{name}.config"] = np.array(text)
        kept[f"{name}.shapes"] = np.array(json.dumps({key: list(shape) for key, shape in shapes.items()}))
        print(name, float(abs(kept[f"{name}.logits"]).max()), file=sys.stderr)
    np.savez_compressed(FILE, **kept)


if __name__ == "__main__":
    write()
