#!/usr/bin/env python3
"""Makes the byte-level fixtures, byte-*.json, and what the `tokenizers` package (0.23.3) gives for them; beside make.py.

Between them they use every pre-tokenizer that is read, on one small vocabulary trained on made-up text.
"""
import json
import pathlib

import make
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).parent
ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"|\s+(?!\S)|\s+"
LLAMA3 = ENDINGS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+" + SPACES
QWEN2 = LLAMA3.replace("{1,3}", "")
MARKS = ENDINGS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+" + SPACES
EXTRA = [
    "I'm don't we'LL they'Ve it'S 'd'D 're'Re 'x '", "'\u017f 'l 'r\u212a", "a\r\n\r\nb\n \n  c\n\t\td  \n", "   x", "\n\n\nx \n\n y", " \r \n", "1234567 ١٢٣٤ ⅧⅨⅩ ½¾²³¹",
    "foo.bar(baz)[0]!=#{1}\n\n}\n", "$100,000.99 +1 <=> ^~| §©", "e\u0301\u0327o \u1100\u1161\u11a8 \u2126\u212b", "न\u093fम\u0938\u094d\u0924\u0947 1\u0301 .\u0301x", "_under_score__ ‿x",
    "<|end|><|end|>  <|begin|>x<|tool|> y", "  \u2028\u2029\u0085\u000b\u000c x\u00a0 y", "中文字123abc", "\t\tfoo\t\tbar", "!? ...word -- word", "x" * 1000, "'" * 9, "12a34b5",
]


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def level(use_regex, add_prefix_space=False):
    return {"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": True, "use_regex": use_regex}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def main():
    text = HERE / "train.tmp"
    make.training_text(text)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    lines = text.read_text().split("\n") + ["\n\n  \n  don't 123 4567 they're é 三值 한국"] * 50
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=520, initial_alphabet=alphabet, show_progress=False))
    text.unlink()
    document = json.loads(tokenizer.to_str())
    size = len(document["model"]["vocab"])
    begin, end, tool = make.added(size, "<|begin|>"), make.added(size + 1, "<|end|>"), make.added(size + 2, "<|tool|>", special=False)
    document["added_tokens"] = [begin, end, tool]
    level_step = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<|begin|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                "special_tokens": {"<|begin|>": {"id": "<|begin|>", "ids": [size], "tokens": ["<|begin|>"]}}}
    model = document["model"]
    variants = {
        "gpt2": dict(pre_tokenizer=level(True), post_processor=level_step),
        "prefix": dict(pre_tokenizer=level(True, True), added_tokens=[begin, end, {**tool, "lstrip": True}]),
        "llama3": dict(pre_tokenizer=sequence(split({"Regex": LLAMA3}), level(False)), model={**model, "ignore_merges": True},
                       post_processor={"type": "Sequence", "processors": [level_step, template]}),
        "qwen2": dict(pre_tokenizer=sequence(split({"Regex": QWEN2}), level(False)), normalizer={"type": "NFC"}),
        "marks": dict(pre_tokenizer=sequence(split({"Regex": MARKS}), level(False))),
        "falcon": dict(pre_tokenizer=sequence({"type": "Punctuation", "behavior": "Contiguous"}, level(True), {"type": "Digits", "individual_digits": False},
                                              split({"Regex": "[0-9][0-9][0-9]"}))),
        "digits": dict(pre_tokenizer=sequence({"type": "Digits", "individual_digits": True}, level(True))),
        "words": dict(pre_tokenizer=sequence({"type": "Whitespace"}, level(False))),
        "spaces": dict(pre_tokenizer=sequence({"type": "WhitespaceSplit"}, split({"String": "o"}, "MergedWithPrevious"), split({"String": "an"}, "MergedWithNext"), level(False))),
        "runs": dict(pre_tokenizer=sequence(split({"Regex": r"\s+"}, "Removed"), split({"Regex": r"\d"}, "Contiguous", True), split({"Regex": r"\p{N}{1,3}"}), level(False))),
    }
    make.AWKWARD += EXTRA
    for name, parts in variants.items():
        path = HERE / f"byte-{name}.json"
        path.write_text(json.dumps({**document, **parts}, ensure_ascii=False, separators=(",", ":")))
        make.write_cases(path, HERE / f"byte-{name}.cases.json", 20, path.name)


if __name__ == "__main__":
    main()
