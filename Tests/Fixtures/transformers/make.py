#!/usr/bin/env python3
"""Makes tiny checkpoints of the ternary transformer families, in the form in which each is published, and their golden logits.

    make.py [NAME ...]      (transformers 5.23.0, torch 2.15.0, accelerate, safetensors, numpy; see README.md)

Every directory gets config.json, model.safetensors and golden.npz. The weights are random and seeded. The logits come from Hugging Face's own classes,
which read the very files written here, in float32 on the CPU; for `1bitllm`, which has no class there, from the numpy oracle beside the repository.
"""
import importlib.util
import json
import pathlib
import sys

import numpy as np

from golden import HuggingFace, safety, torch, write_golden
import transformers
from safetensors.torch import load_file, save_file
from transformers.integrations.bitnet import AutoBitLinear, BitLinear, WeightQuant, pack_weights

HERE = pathlib.Path(__file__).resolve().parent
ORACLE = HERE.parents[3] / "shared" / "oracle" / "bitnet.py"
BF16, F16, F32 = torch.bfloat16, torch.float16, torch.float32
VOCABULARY = 160


def config(architecture, model_type, hidden, ffn, heads, kv, layers=2, **extra):
    return {"architectures": [architecture], "model_type": model_type, "hidden_size": hidden, "intermediate_size": ffn, "num_hidden_layers": layers,
            "num_attention_heads": heads, "num_key_value_heads": kv, "vocab_size": VOCABULARY, "hidden_act": "silu", "rms_norm_eps": 1e-5,
            "rope_theta": 10000.0, "max_position_embeddings": 256, "tie_word_embeddings": False, "bos_token_id": 0, "eos_token_id": 1,
            "torch_dtype": "bfloat16", **extra}


def llama(*shape, **extra):
    return config("LlamaForCausalLM", "llama", *shape, **{"attention_bias": False, "mlp_bias": False} | extra)


def bitnet(mode, *shape):
    quantization = {"quant_method": "bitnet", "linear_class": "autobitlinear", "quantization_mode": mode, "modules_to_not_convert": None}
    return config("BitNetForCausalLM", "bitnet", *shape, hidden_act="relu2", rope_theta=500000.0, tie_word_embeddings=True, quantization_config=quantization)


def projections(c):
    """(name, rows, columns) of every projection."""
    d = c.get("head_dim") or c["hidden_size"] // c["num_attention_heads"]
    hidden, ffn, q, kv = c["hidden_size"], c["intermediate_size"], c["num_attention_heads"] * d, c["num_key_value_heads"] * d
    for i in range(c["num_hidden_layers"]):
        for name, rows, columns in (("self_attn.q", q, hidden), ("self_attn.k", kv, hidden), ("self_attn.v", kv, hidden), ("self_attn.o", hidden, q),
                                    ("mlp.gate", ffn, hidden), ("mlp.up", ffn, hidden), ("mlp.down", hidden, ffn)):
            yield f"model.layers.{i}.{name}_proj", rows, columns


class Maker:
    """Random tensors of one checkpoint. `dtype` is that of everything that is not packed."""

    def __init__(self, c, seed, dtype=BF16):
        self.c, self.rng, self.dtype, self.tensors = c, np.random.default_rng(seed), dtype, {}
        hidden = c["hidden_size"]
        self.put("model.embed_tokens.weight", self.rng.normal(0, 0.7, (VOCABULARY, hidden)))
        self.gain("model.norm.weight", hidden, 1)
        if not c["tie_word_embeddings"]:
            self.put("lm_head.weight", self.rng.normal(0, 0.3, (VOCABULARY, hidden)))
        for i in range(c["num_hidden_layers"]):
            for name in ("input_layernorm", "post_attention_layernorm"):
                self.gain(f"model.layers.{i}.{name}.weight", hidden, 1)

    def put(self, name, values, dtype=None):
        self.tensors[name] = torch.tensor(np.asarray(values, np.float32)).to(dtype or self.dtype)

    def gain(self, name, count, mean):
        self.put(name, self.rng.normal(mean, mean / 4, count))

    def sub_norms(self, attention, ffn):
        for i in range(self.c["num_hidden_layers"]):
            rows = next(columns for name, _, columns in projections(self.c) if name.endswith("o_proj"))
            self.gain(f"model.layers.{i}.self_attn.{attention}.weight", rows, 0.5)
            self.gain(f"model.layers.{i}.mlp.{ffn}.weight", self.c["intermediate_size"], 0.5)

    def ternary(self, rows, columns):
        return self.rng.choice([-1, 0, 1], (rows, columns), p=[0.31, 0.38, 0.31])

    def packed(self, divide, skip=()):
        """Packed uint8 with Hugging Face's own packer; weight_scale is gamma, or 1/gamma for the divide convention."""
        for name, rows, columns in projections(self.c):
            if name in skip:
                self.put(name + ".weight", self.rng.normal(0, columns ** -0.5, (rows, columns)))
                continue
            gamma = self.rng.uniform(0.7, 1.6) * columns ** -0.5
            self.tensors[name + ".weight"] = pack_weights(torch.tensor(self.ternary(rows, columns), dtype=F32))
            self.put(name + ".weight_scale", [1 / gamma if divide else gamma])

    def masters(self):
        for name, rows, columns in projections(self.c):
            self.put(name + ".weight", self.rng.normal(0, self.rng.uniform(0.7, 1.6) * columns ** -0.5, (rows, columns)))

    def grouped(self, name, rows, columns, size=128):
        """Ternary values times one f16 scale per `size` columns of a row."""
        scale = np.float16(self.rng.uniform(0.7, 1.6, (rows, columns // size)) * columns ** -0.5)
        self.put(name, self.ternary(rows, columns) * np.repeat(scale, size, 1).astype(np.float32))


def save(name, c, tensors):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(c, indent=1) + "\n")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def load(folder):
    """The checkpoint in Hugging Face's class, float32, after a check that its projections run as stored and not as something else."""
    c = json.loads((folder / "config.json").read_text())
    model, info = getattr(transformers, c["architectures"][0]).from_pretrained(folder, dtype=F32, attn_implementation="eager", output_loading_info=True)
    torch.nn.Module.float(model)  # a quantised model keeps stored bfloat16 tensors whatever dtype was asked for, and refuses its own float()
    assert not any(info[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
    stored, q = load_file(folder / "model.safetensors"), c.get("quantization_config")
    for name, _, _ in projections(c):
        module, weight = model.get_submodule(name), stored[name + ".weight"]
        if q is None or not (q.get("quantization_mode") == "online" or weight.dtype == torch.uint8):
            assert type(module) is torch.nn.Linear and torch.equal(module.weight.float(), weight.float()), name
        elif q.get("linear_class") == "autobitlinear":
            assert type(module) is AutoBitLinear and (module.online_quant or set(module.weight.unique().tolist()) == {-1.0, 0.0, 1.0}), name
        else:
            assert type(module) is BitLinear and module.weight.dtype == torch.uint8 and torch.equal(module.weight, weight), name
            assert module.weight_scale.dtype == F32 and torch.equal(module.weight_scale, stored[name + ".weight_scale"].float()), name
    return model


class Oracle(HuggingFace):
    """The same realisations from the numpy oracle."""

    def __init__(self, folder):
        spec = importlib.util.spec_from_file_location("oracle", ORACLE)
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.model = self.module.Model(str(folder))

    def whole(self, tokens):
        return self.model.logits(tokens)

    def cached(self, tokens):
        return self.model.logits(tokens, 1)

    def with_noise(self, tokens, seed, depth):
        plain, calls = self.module.rms, iter(range(10**9))
        self.module.rms = lambda x, *a: plain(x * np.random.default_rng([seed, n := next(calls)]).normal(1, 1e-6 * (n < depth), x.shape).astype(np.float32), *a)
        try:
            return self.model.logits(tokens)
        finally:
            self.module.rms = plain

    def jittered(self, tokens, seed):
        return self.with_noise(tokens, seed, 1)

    def shaken(self, tokens, seed):
        return self.with_noise(tokens, seed, 10**9)


def golden(name, seed, runner=None):
    return write_golden(HERE / name / "golden.npz", runner or HuggingFace(load(HERE / name)), VOCABULARY, seed, name)


# ---------------------------------------------------------------- the families
def bitnet_master():
    """The BF16 master. A bfloat16 model keeps the fake-quantised weight in bfloat16, which rounds gamma: logits_* have Hugging Face's own WeightQuant
    of the bfloat16 weights, the rest in float32. logits_f32gamma_* are of the same file widened to float32 before it is quantised."""
    c = bitnet("online", 64, 160, 4, 2)
    m = Maker(c, 11)
    m.sub_norms("attn_sub_norm", "ffn_sub_norm")
    m.masters()
    folder = save("bitnet-master", c, m.tensors)
    rounded = load(folder)
    with torch.no_grad():
        for projection, _, _ in projections(c):
            module = rounded.get_submodule(projection)
            module.weight.copy_(WeightQuant.apply(m.tensors[projection + ".weight"]).float())
            module.online_quant, module.weight_scale = False, torch.ones(1)
    arrays = golden("bitnet-master", 12, HuggingFace(rounded))
    widened = HuggingFace(load(folder))
    for key in ("short", "long"):
        logits, safe, _ = safety(widened, arrays[f"tokens_{key}"].tolist())
        arrays |= {f"logits_f32gamma_{key}": logits, f"safe_f32gamma_{key}": safe}
    np.savez(folder / "golden.npz", **arrays)


def bitnet_master_f32():
    """A float32 master: no rounding of gamma in any reading."""
    c = bitnet("online", 48, 96, 3, 1) | {"torch_dtype": "float32"}
    m = Maker(c, 15, F32)
    m.sub_norms("attn_sub_norm", "ffn_sub_norm")
    m.masters()
    save("bitnet-master-f32", c, m.tensors)
    golden("bitnet-master-f32", 16)


def bitnet_packed():
    c = bitnet("offline", 128, 320, 4, 2)
    m = Maker(c, 21)
    m.sub_norms("attn_sub_norm", "ffn_sub_norm")
    m.packed(divide=False)
    save("bitnet-packed", c, m.tensors)
    golden("bitnet-packed", 22)


def onebitllm():
    c = config("BitnetForCausalLM", "llama", 60, 64, 3, 3, tie_word_embeddings=True, input_bits=8, weight_bits=1, torch_dtype="float32")
    m = Maker(c, 31, F32)
    m.sub_norms("inner_attn_ln", "ffn_layernorm")
    m.masters()
    golden("1bitllm", 32, Oracle(save("1bitllm", c, m.tensors)))


def divided(name, seed, c, skip=(), extra=lambda m: None):
    m = Maker(c, seed)
    m.packed(divide=True, skip=skip)
    extra(m)
    save(name, c, m.tensors)
    golden(name, seed + 1)


def falcon3():
    divided("falcon3", 41, llama(64, 160, 2, 1, head_dim=256, rms_norm_eps=1e-6, rope_theta=1000042, quantization_config={"quant_method": "bitnet"}))


def llama3_158():
    scaling = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32, "rope_type": "llama3"}
    divided("llama3-158", 51, llama(128, 320, 4, 2, rope_theta=500000.0, rope_scaling=scaling,
                                    quantization_config={"modules_to_not_convert": None, "quant_method": "bitnet"}))


def saved_v5():
    """What save_pretrained of transformers 5 writes: `dtype`, `rope_parameters`, every default spelled out, float32 beside the packed bytes."""
    scaling = {"factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 2.0, "original_max_position_embeddings": 64, "rope_type": "llama3"}
    c = llama(64, 160, 4, 2, rope_theta=1000.0, rope_scaling=scaling, quantization_config={"quant_method": "bitnet"})
    m = Maker(c, 55)
    m.packed(divide=True)
    folder = save("saved-v5", c, m.tensors)
    load(folder).save_pretrained(folder)
    golden("saved-v5", 56)


def falcon_e():
    quantization = {"modules_to_not_convert": ["lm_head"], "quant_method": "bitnet"}
    divided("falcon-e", 81, llama(96, 256, 1, 1, is_bitnet_config=True, tie_word_embeddings=True, quantization_config=quantization))


def mixed_dense():
    """A projection named in modules_to_not_convert is dense: float weights, and activations that are not quantised."""
    skip = "model.layers.1.mlp.down_proj"
    divided("mixed-dense", 85, llama(64, 160, 4, 2, quantization_config={"modules_to_not_convert": ["lm_head", skip], "quant_method": "bitnet"}), (skip,))


def rms_norm_proj():
    quantization = {"quant_method": "bitnet", "use_rms_norm": True, "rms_norm_eps": 1e-4, "modules_to_not_convert": ["lm_head"]}
    c = llama(64, 160, 4, 2, quantization_config=quantization)
    divided("rms-norm-proj", 91, c, extra=lambda m: [m.gain(name + ".rms_norm.weight", columns, 0.8) for name, _, columns in projections(c)])


def biases():
    c = llama(64, 160, 2, 1, head_dim=100, attention_bias=True, quantization_config={"quant_method": "bitnet"})
    attention = [(name, rows) for name, rows, _ in projections(c) if "self_attn" in name]
    divided("biases", 101, c, extra=lambda m: [m.put(name + ".bias", m.rng.normal(0, 0.2, rows)) for name, rows in attention])


def qwen2():
    """Biases on q, k and v alone, which Qwen2Config has no key for."""
    c = config("Qwen2ForCausalLM", "qwen2", 64, 160, 4, 2, rms_norm_eps=1e-6, quantization_config={"quant_method": "bitnet"})
    qkv = [(name, rows) for name, rows, _ in projections(c) if name[-6:] in ("q_proj", "k_proj", "v_proj")]
    divided("qwen2", 105, c, extra=lambda m: [m.put(name + ".bias", m.rng.normal(0, 0.2, rows)) for name, rows in qkv])


def trilm():
    c = llama(64, 128, 4, 4, torch_dtype="float16")
    m = Maker(c, 61, F16)
    for name, rows, columns in projections(c):
        gammas = np.float16(m.rng.uniform(0.7, 1.6, 2 if rows == 64 else 4) * columns ** -0.5)
        m.put(name + ".weight", m.ternary(rows, columns) * np.repeat(gammas, rows // len(gammas))[:, None].astype(np.float32))
    save("trilm", c, m.tensors)
    golden("trilm", 62)


def qwen3(name, seed, layers, tied, scaling):
    c = config("Qwen3ForCausalLM", "qwen3", 128, 128, 4, 1, layers, head_dim=32, rms_norm_eps=1e-6, rope_theta=1000000.0, attention_bias=False,
               tie_word_embeddings=tied, rope_scaling=scaling, max_position_embeddings=16384, torch_dtype="float16")
    m = Maker(c, seed, F16)
    m.grouped("model.embed_tokens.weight", VOCABULARY, 128)
    if not tied:
        m.grouped("lm_head.weight", VOCABULARY, 128)
    for projection, rows, columns in projections(c):
        m.grouped(projection + ".weight", rows, columns)
    for i in range(layers):
        m.gain(f"model.layers.{i}.self_attn.q_norm.weight", 32, 1)
        m.gain(f"model.layers.{i}.self_attn.k_norm.weight", 32, 1)
    save(name, c, m.tensors)
    golden(name, seed + 1)


def qwen3_yarn():
    qwen3("qwen3-yarn", 75, 1, True, {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096})


FAMILIES = {"bitnet-packed": bitnet_packed, "bitnet-master": bitnet_master, "bitnet-master-f32": bitnet_master_f32,
            "1bitllm": onebitllm, "falcon3": falcon3, "llama3-158": llama3_158, "trilm": trilm,
            "qwen3-grouped": lambda: qwen3("qwen3-grouped", 71, 1, False, None), "qwen3-yarn": qwen3_yarn, "falcon-e": falcon_e,
            "mixed-dense": mixed_dense, "rms-norm-proj": rms_norm_proj, "biases": biases, "qwen2": qwen2, "saved-v5": saved_v5}

if __name__ == "__main__":
    for family in sys.argv[1:] or FAMILIES:
        FAMILIES[family]()
