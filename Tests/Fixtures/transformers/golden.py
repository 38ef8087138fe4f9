"""What both fixture makers share: running a Hugging Face model in several float32 noise realisations, and choosing tokens that are margin-safe.

The activation quantiser is a step function, so float32 noise of 1e-7 upstream flips a code now and then and one flip moves the logits. A position is *safe*
when the realisations here (whole, cached one by one, jittered embeddings, jittered inputs of every projection) agree to SAFE of its largest logit.
"""
import os

os.environ["TORCHDYNAMO_DISABLE"] = "1"  # the integration decorates with torch.compile; eager is the definition
os.environ["TRANSFORMERS_OFFLINE"] = "1"

import numpy as np
import torch

torch.manual_seed(0)
torch.set_num_threads(1)
SAFE, JITTER, LONG = 2e-5, 1e-6, 40


def noise(shape, seed):
    """Multipliers 1 ± JITTER. One generator per position, so a prefix of a sequence gets the noise that the whole gets."""
    rows = [np.random.default_rng([seed, t]).standard_normal(shape[-1]) for t in range(shape[-2])]
    return torch.tensor(1 + JITTER * np.stack(rows), dtype=torch.float32)


class HuggingFace:
    """Realisations of one transformers model; every one maps token ids to logits [T, V] in float32."""

    def __init__(self, model):
        self.model = model.eval()

    @torch.no_grad()
    def whole(self, tokens):
        return self.model(input_ids=torch.tensor([tokens])).logits[0].numpy()

    @torch.no_grad()
    def cached(self, tokens):
        past, rows = None, []
        for token in tokens:
            out = self.model(input_ids=torch.tensor([[token]]), past_key_values=past, use_cache=True)
            past = out.past_key_values
            rows.append(out.logits[0, -1].numpy())
        return np.stack(rows)

    @torch.no_grad()
    def jittered(self, tokens, seed):
        embeddings = self.model.get_input_embeddings()(torch.tensor([tokens]))
        return self.model(inputs_embeds=embeddings * noise(embeddings.shape, seed)).logits[0].numpy()

    def shaken(self, tokens, seed):
        """Jitters the input of every projection, not only of the first."""
        hooks = []
        for i, (name, module) in enumerate(self.model.named_modules()):
            if name.endswith("_proj"):
                hooks.append(module.register_forward_pre_hook(lambda _, x, i=i: (x[0] * noise(x[0].shape, seed * 1000 + i),)))
        try:
            return self.whole(tokens)
        finally:
            for hook in hooks:
                hook.remove()

    def realisations(self, tokens):
        yield self.cached(tokens)
        for seed in (1, 2):
            yield self.jittered(tokens, seed)
            yield self.shaken(tokens, seed)


def safety(runner, tokens):
    """(logits of the whole sequence, safe bool [T], largest relative disagreement [T])"""
    logits = runner.whole(tokens)
    worst = np.max([np.abs(other - logits).max(-1) for other in runner.realisations(tokens)], 0) / np.abs(logits).max(-1)
    return logits.astype(np.float32), worst < SAFE, worst


def choose_tokens(runner, vocabulary, length, rng, tries=12):
    """Builds a sequence left to right, each time taking a token whose position is safe if one of `tries` random ones is."""
    tokens = []
    for _ in range(length):
        for _ in range(tries):
            candidate = tokens + [int(rng.integers(vocabulary))]
            if safety(runner, candidate)[1][-1]:
                break
        tokens = candidate
    return tokens


def write_golden(path, runner, vocabulary, seed, label):
    """tokens_k i32 [T], logits_k f32 [T, V], safe_k bool [T] for k = short (5 tokens), long (40). Returns one line about them."""
    rng, arrays, words = np.random.default_rng(seed), {}, []
    for key, length in (("short", 5), ("long", LONG)):
        tokens = choose_tokens(runner, vocabulary, length, rng)
        logits, safe, worst = safety(runner, tokens)
        assert np.isfinite(logits).all()
        arrays |= {f"tokens_{key}": np.array(tokens, np.int32), f"logits_{key}": logits, f"safe_{key}": safe}
        words.append(f"{key}: safe {safe.sum()}/{length}, worst safe {worst[safe].max():.1e}, logit std {logits.std():.2f}")
    np.savez(path, **arrays)
    print(f"{label:16} " + "; ".join(words), flush=True)
    return arrays
