"""A made reference of the gated delta rule: Qwen3-Next's layer in transformers, in float64.

Run where torch and transformers are: python tests/support/made_delta.py writes tests/data/delta_net.npz.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).parents[1] / "data" / "delta_net.npz"
SIZES = {"one head": (1, 1, 2, 2, 2), "shared keys": (1, 2, 3, 2, 3), "four": (2, 4, 2, 3, 4)}
"""Heads of keys, heads of values, d_k, d_v, words of the convolution."""
WIDTH, WORDS = 5, 7


def write() -> None:
    """Compute the layer's output for random inputs, with its own code for a whole text."""
    import torch
    from made_weights import state_of
    from transformers import Qwen3NextConfig
    from transformers.models.qwen3_next.modeling_qwen3_next import Qwen3NextGatedDeltaNet

    torch.set_default_dtype(torch.float64)
    torch.float = torch.float32 = torch.float64
    torch.Tensor.float = torch.Tensor.double
    kept: dict[str, Any] = {}
    for name, (keys, values, d_k, d_v, reach) in SIZES.items():
        config = Qwen3NextConfig(
            hidden_size=WIDTH,
            linear_num_key_heads=keys,
            linear_num_value_heads=values,
            linear_key_head_dim=d_k,
            linear_value_head_dim=d_v,
            linear_conv_kernel_dim=reach,
            layer_types=["linear_attention"],
            num_hidden_layers=1,
        )
        layer = Qwen3NextGatedDeltaNet(config, 0).double().eval()
        state = state_of({key: tuple(t.shape) for key, t in layer.state_dict().items()})
        layer.load_state_dict({key: torch.tensor(t.astype(np.float64)) for key, t in state.items()})
        x = np.random.default_rng(1).integers(-16, 16, (WORDS, WIDTH)) / 8
        with torch.no_grad():
            kept[f"{name}.y"] = layer(torch.tensor(x)[None])[0].numpy()
        kept[f"{name}.x"] = x
        kept |= {f"{name}:{key}": t for key, t in state.items()}
    np.savez_compressed(FILE, **kept)


if __name__ == "__main__":
    write()
