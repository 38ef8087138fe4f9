#!/usr/bin/env python3
"""Makes tiny GGUF models of the ternary architectures, and their golden logits.

    make_gguf.py [NAME ...]      (gguf 0.19.0 and what make.py needs; see README.md)

The container and the standard block types are written by the `gguf` package and read back with it; I2_S, Q2_0 and Q6_K, which it cannot write, are laid
out here. The logits come from Hugging Face's classes, given the weights as they come out of the file: int8 activations through AutoBitLinear for
ternary projections (`logits_float_k`: the same file with float activations).
"""
import math
import pathlib
import sys

import gguf
import numpy as np
from gguf.gguf_writer import TensorInfo

from golden import HuggingFace, safety, torch, write_golden
import transformers
from transformers.integrations.bitnet import AutoBitLinear

HERE = pathlib.Path(__file__).resolve().parent
VOCABULARY, T = 160, gguf.GGMLQuantizationType
I2_S, Q2_0 = 36, 42  # not in the package


def i2_s(codes, gamma):
    """Runs of 128 elements in 32 bytes, first 32 elements in the top bits; then gamma and 28 bytes of padding."""
    runs = (codes + 1).astype(np.uint8).reshape(-1, 4, 32)
    packed = runs[:, 0] << 6 | runs[:, 1] << 4 | runs[:, 2] << 2 | runs[:, 3]
    return np.concatenate([packed.reshape(-1), np.float32([gamma]).view(np.uint8), np.zeros(28, np.uint8)])


def q2_0(codes, scales):
    """codes [N, K], scales f16 [N, K/group]: per group f16 d, then four elements a byte, first in the lowest bits."""
    groups = (codes + 1).astype(np.uint8).reshape(scales.size, -1, 4)
    packed = groups[..., 0] | groups[..., 1] << 2 | groups[..., 2] << 4 | groups[..., 3] << 6
    return np.concatenate([scales.reshape(-1, 1).view(np.uint8), packed], 1).reshape(-1)


def q6_k(rng, rows, columns, deviation):
    """Random valid blocks: 192 bytes of 6-bit values, 16 signed scales, f16 d."""
    blocks = rows * columns // 256
    d = np.full((blocks, 1), deviation / (18.5 * 20), np.float16) * rng.uniform(0.8, 1.2, (blocks, 1)).astype(np.float16)
    values, scales = rng.integers(0, 256, (blocks, 192), dtype=np.uint8), rng.integers(-32, 33, (blocks, 16)).astype(np.int8)
    return np.concatenate([values, scales.view(np.uint8), d.view(np.uint8)], 1).reshape(rows, -1)


def permuted(w, heads):
    """The order in which the converter of architecture `llama` writes q and k rows: pairs (j, j + d/2) become neighbours."""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(w.shape)


class File:
    """One GGUF model: `weights` collects what a reader should see, by Hugging Face name, as (float32 values or codes, scale or None)."""

    def __init__(self, name, arch, seed, hidden, ffn, heads, kv, head_dim, layers, theta, eps=1e-5, kv_pairs=()):
        self.name, self.arch, self.rng, self.weights, self.checks = name, arch, np.random.default_rng(seed), {}, []
        self.shape, self.layers = (hidden, ffn, heads, kv, head_dim), layers
        self.config = dict(vocab_size=VOCABULARY, hidden_size=hidden, intermediate_size=ffn, num_hidden_layers=layers, num_attention_heads=heads,
                           num_key_value_heads=kv, head_dim=head_dim, rms_norm_eps=eps, max_position_embeddings=16384 if arch == "qwen3" else 256, tie_word_embeddings=True,
                           rope_parameters={"rope_type": "default", "rope_theta": theta}, hidden_act="silu", bos_token_id=0, eos_token_id=1)
        self.writer = w = gguf.GGUFWriter(HERE / f"{name}.gguf", arch)
        w.add_name(name)
        w.add_quantization_version(2)
        w.add_vocab_size(VOCABULARY)
        w.add_context_length(16384 if arch == "qwen3" else 256)
        w.add_embedding_length(hidden)
        w.add_block_count(layers)
        w.add_feed_forward_length(ffn)
        w.add_head_count(heads)
        w.add_head_count_kv(kv)
        w.add_layer_norm_rms_eps(eps)
        w.add_rope_dimension_count(head_dim)
        w.add_rope_freq_base(theta)
        if head_dim != hidden // heads:
            w.add_key_length(head_dim)
            w.add_value_length(head_dim)
        for key, value in kv_pairs:
            (w.add_string if isinstance(value, str) else w.add_uint32 if isinstance(value, int) else w.add_float32)(key, value)

    def raw(self, name, shape, dtype, data):
        self.writer.tensors[-1][name] = TensorInfo(shape=shape, dtype=dtype, nbytes=data.nbytes, tensor=data)

    def floats(self, name, hf, values):
        self.writer.add_tensor(name, values.astype(np.float32))
        self.weights[hf] = values.astype(np.float32), None

    def dense(self, name, hf, rows, columns, dtype, deviation):
        """An embedding or head in any type."""
        values = self.rng.normal(0, deviation, (rows, columns)).astype(np.float32)
        if dtype == Q2_0:
            return self.projection(name, hf, rows, columns, dtype)
        data = q6_k(self.rng, rows, columns, deviation) if dtype == T.Q6_K else gguf.quantize(values, dtype)
        self.writer.add_tensor(name, data, raw_dtype=dtype)
        self.weights[hf] = gguf.dequantize(data, dtype).astype(np.float32).reshape(rows, columns), None
        self.checks.append((name, self.weights[hf][0]))

    def projection(self, name, hf, rows, columns, dtype, heads=None, group=128, zero_block=False):
        codes = self.rng.choice([-1, 0, 1], (rows, columns), p=[0.31, 0.38, 0.31])
        if zero_block:
            codes[3, :256] = 0
        gamma = np.float16(self.rng.uniform(0.7, 1.6) * columns ** -0.5)
        stored = permuted(codes, heads) if heads and self.arch == "llama" else codes
        if dtype == I2_S:
            self.raw(name, (rows, columns), I2_S, i2_s(stored, gamma))
        elif dtype == Q2_0:
            scales = np.float16(self.rng.uniform(0.7, 1.6, (rows, columns // group)) * columns ** -0.5)
            self.raw(name, (rows, columns), Q2_0, q2_0(stored, scales))
            self.weights[hf] = (codes * np.repeat(scales, group, 1)).astype(np.float32), None
            return
        else:
            data = gguf.quantize((stored * gamma).astype(np.float32), dtype)
            self.writer.add_tensor(name, data, raw_dtype=dtype)
            self.checks.append((name, (stored * np.float32(gamma)).astype(np.float32)))
        self.weights[hf] = codes.astype(np.float32), np.float32(gamma)

    def gain(self, name, hf, count, mean=1.0):
        self.floats(name, hf, self.rng.normal(mean, mean / 4, count))

    def body(self, dtype, group=128, sub_norms=False, qk_norms=False, zero_block=False):
        hidden, ffn, heads, kv, d = self.shape
        self.gain("output_norm.weight", "model.norm.weight", hidden)
        for i in range(self.layers):
            b, p = f"blk.{i}.", f"model.layers.{i}."
            self.gain(b + "attn_norm.weight", p + "input_layernorm.weight", hidden)
            self.gain(b + "ffn_norm.weight", p + "post_attention_layernorm.weight", hidden)
            if sub_norms:
                self.gain(b + "attn_sub_norm.weight", p + "self_attn.attn_sub_norm.weight", heads * d, 0.5)
                self.gain(b + "ffn_sub_norm.weight", p + "mlp.ffn_sub_norm.weight", ffn, 0.5)
            if qk_norms:
                self.gain(b + "attn_q_norm.weight", p + "self_attn.q_norm.weight", d)
                self.gain(b + "attn_k_norm.weight", p + "self_attn.k_norm.weight", d)
            for name, hf, rows, columns, permute in (
                    ("attn_q", "self_attn.q", heads * d, hidden, heads), ("attn_k", "self_attn.k", kv * d, hidden, kv),
                    ("attn_v", "self_attn.v", kv * d, hidden, None), ("attn_output", "self_attn.o", hidden, heads * d, None),
                    ("ffn_gate", "mlp.gate", ffn, hidden, None), ("ffn_up", "mlp.up", ffn, hidden, None), ("ffn_down", "mlp.down", hidden, ffn, None)):
                self.projection(b + name + ".weight", p + hf + "_proj.weight", rows, columns, dtype, permute, group, zero_block and name == "ffn_up")

    def head(self, dtype, group=128):
        self.config["tie_word_embeddings"] = False
        if dtype == Q2_0:
            self.projection("output.weight", "lm_head.weight", VOCABULARY, self.shape[0], dtype, group=group)
        else:
            self.dense("output.weight", "lm_head.weight", VOCABULARY, self.shape[0], dtype, 0.3)

    def write(self):
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()
        if not any(info.dtype in (I2_S, Q2_0) for info in self.writer.tensors[-1].values()):
            tensors = {t.name: t for t in gguf.GGUFReader(HERE / f"{self.name}.gguf").tensors}
            for name, values in self.checks:
                assert np.array_equal(gguf.dequantize(tensors[name].data, tensors[name].tensor_type), values), name

    def model(self, architecture, integer):
        """Hugging Face's class with the weights of the file; `integer` quantises the activations of projections."""
        config = getattr(transformers, architecture.replace("ForCausalLM", "Config"))(**self.config)
        config._attn_implementation = "eager"
        model = getattr(transformers, architecture)(config).float()
        expected = set(model.state_dict()) - ({"lm_head.weight"} if self.config["tie_word_embeddings"] else set())
        assert expected == set(self.weights), expected ^ set(self.weights)
        with torch.no_grad():
            for name, (values, scale) in self.weights.items():
                module = model.get_submodule(name.removesuffix(".weight"))
                if scale is not None and integer:
                    module = AutoBitLinear(values.shape[1], values.shape[0], bias=False)
                    module.weight_scale = torch.tensor([scale])
                    model.set_submodule(name.removesuffix(".weight"), module)
                assert module.weight.shape == values.shape, name
                module.weight.copy_(torch.tensor(values if scale is None or integer else values * scale))
        return HuggingFace(model)

    def golden(self, architecture, seed, integer=True):
        self.write()
        path = HERE / f"{self.name}.npz"
        arrays = write_golden(path, self.model(architecture, integer), VOCABULARY, seed, self.name)
        if integer and self.arch == "llama":
            plain = self.model(architecture, False)
            arrays |= {f"logits_float_{key}": safety(plain, arrays[f"tokens_{key}"].tolist())[0] for key in ("short", "long")}
            np.savez(path, **arrays)


# ---------------------------------------------------------------- the files
def bitnet(name, arch, seed, layers, embedding, act):
    f = File(name, arch, seed, 128, 256, 4, 2, 32, layers, 500000.0)
    f.config["hidden_act"] = act
    del f.config["head_dim"]
    f.dense("token_embd.weight", "model.embed_tokens.weight", VOCABULARY, 128, embedding, 0.7)
    f.body(I2_S, sub_norms=True)
    f.golden("BitNetForCausalLM", seed + 1)


def llama(name, seed, dtype, embedding, head, shape, **options):
    f = File(name, "llama", seed, *shape, 1, 500000.0, eps=1e-6)
    f.dense("token_embd.weight", "model.embed_tokens.weight", VOCABULARY, 256, embedding, 0.7)
    if head is not None:
        f.head(head)
    f.body(dtype, zero_block=options.get("zero_block", False))
    if "scaling" in options:
        f.config["rope_parameters"] = options["scaling"] | {"rope_theta": 500000.0}
        f.writer.add_tensor("rope_freqs.weight", rope_divisors(options["scaling"], shape[4], 500000.0))
    f.golden("LlamaForCausalLM", seed + 1)


def rope_divisors(s, d, theta):
    """The converter's form of llama3 scaling: one divisor per frequency."""
    low, high, context = s["low_freq_factor"], s["high_freq_factor"], s["original_max_position_embeddings"]
    divisors = []
    for i in range(0, d, 2):
        turns = context / (2 * math.pi * theta ** (i / d))
        smooth = min(max((turns - low) / (high - low), 0), 1)
        divisors.append(1 / ((1 - smooth) / s["factor"] + smooth))
    return np.array(divisors, np.float32)


def qwen3(name, seed, hidden, ffn, layers, group, tied, yarn):
    pairs = [("qwen3.rope.scaling.type", "yarn"), ("qwen3.rope.scaling.factor", 4.0), ("qwen3.rope.scaling.original_context_length", 4096)] if yarn else []
    f = File(name, "qwen3", seed, hidden, ffn, 4, 1, 32, layers, 1000000.0, eps=1e-6, kv_pairs=pairs)
    if yarn:
        f.config["rope_parameters"] = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096, "rope_theta": 1000000.0}
    f.projection("token_embd.weight", "model.embed_tokens.weight", VOCABULARY, hidden, Q2_0, group=group)
    if not tied:
        f.head(Q2_0, group)
    f.body(Q2_0, group, qk_norms=True)
    f.golden("Qwen3ForCausalLM", seed + 1, integer=False)


LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
FILES = {
    "gguf-i2s": lambda: bitnet("gguf-i2s", "bitnet-b1.58", 201, 2, T.F16, "relu2"),
    "gguf-bitnet-25": lambda: bitnet("gguf-bitnet-25", "bitnet-25", 211, 1, T.Q4_0, "relu2"),
    "gguf-bitnet-silu": lambda: bitnet("gguf-bitnet-silu", "bitnet", 221, 1, T.Q8_0, "silu"),
    "gguf-tq2": lambda: llama("gguf-tq2", 231, T.TQ2_0, T.Q8_0, T.Q6_K, (256, 256, 4, 1, 64), zero_block=True),
    "gguf-tq1": lambda: llama("gguf-tq1", 241, T.TQ1_0, T.Q4_0, T.BF16, (256, 256, 2, 1, 128)),
    "gguf-rope-freqs": lambda: llama("gguf-rope-freqs", 251, T.TQ1_0, T.Q6_K, None, (256, 256, 8, 1, 32), scaling=LLAMA3),
    "gguf-q2-128": lambda: qwen3("gguf-q2-128", 261, 128, 128, 2, 128, False, True),
    "gguf-q2-64": lambda: qwen3("gguf-q2-64", 271, 192, 64, 2, 64, True, False),
}

if __name__ == "__main__":
    for file in sys.argv[1:] or FILES:
        FILES[file]()
