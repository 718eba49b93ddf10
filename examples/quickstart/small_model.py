"""Writes a model that is small and valid: a two-layer Llama with random weights and a tokenizer of single bytes."""

import json
from pathlib import Path

HIDDEN, LAYERS, HEADS, FEED_FORWARD, VOCABULARY = 64, 2, 4, 128, 259

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": HIDDEN,
    "intermediate_size": FEED_FORWARD,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": HEADS,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": 256,
    "rms_norm_eps": 1e-05,
    "hidden_act": "silu",
    "bos_token_id": 256,
    "eos_token_id": 257,
    "pad_token_id": 258,
    "tie_word_embeddings": False,
    "torch_dtype": "float16",
}


def write_small_model(folder: Path) -> None:
    """Write weights, configuration and tokenizer; the same bytes each time."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True)
    save_file(_weights(), folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer(), indent=1) + "\n", encoding="utf-8")


def _weights():
    import numpy as np

    random = np.random.default_rng(seed=7)

    def matrix(rows, columns):
        return (random.standard_normal((rows, columns)) * 0.02).astype(np.float16)

    ones = np.ones(HIDDEN, dtype=np.float16)
    tensors = {"model.embed_tokens.weight": matrix(VOCABULARY, HIDDEN), "model.norm.weight": ones}
    for layer in range(LAYERS):
        at = f"model.layers.{layer}"
        for projection in ("q_proj", "k_proj", "v_proj", "o_proj"):
            tensors[f"{at}.self_attn.{projection}.weight"] = matrix(HIDDEN, HIDDEN)
        tensors[f"{at}.mlp.gate_proj.weight"] = matrix(FEED_FORWARD, HIDDEN)
        tensors[f"{at}.mlp.up_proj.weight"] = matrix(FEED_FORWARD, HIDDEN)
        tensors[f"{at}.mlp.down_proj.weight"] = matrix(HIDDEN, FEED_FORWARD)
        tensors[f"{at}.input_layernorm.weight"] = ones
        tensors[f"{at}.post_attention_layernorm.weight"] = ones
    tensors["lm_head.weight"] = matrix(VOCABULARY, HIDDEN)
    return tensors


def _tokenizer():
    specials = ["<s>", "</s>", "<pad>"]
    vocabulary = {f"<0x{byte:02X}>": byte for byte in range(256)}
    vocabulary |= {token: 256 + number for number, token in enumerate(specials)}
    added = [
        {
            "id": 256 + number,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for number, token in enumerate(specials)
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {"type": "ByteFallback"},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": vocabulary,
            "merges": [],
        },
    }
