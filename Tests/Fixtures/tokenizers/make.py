#!/usr/bin/env python3
"""Makes the tokenizer fixtures and what the reference libraries give for them.

    make.py                                 models and cases of this folder (sentencepiece 0.2.3, tokenizers 0.23.3)
    make.py CASES FILE [TOKENIZER ...]      cases for other tokenizer files, FILE random texts each, into the folder CASES

The models are small, trained on made-up text, and between them use every setting that the readers support. A cases file holds
texts and decoded texts as hexadecimal UTF-8 (or not quite UTF-8), because JSON cannot hold the latter.
"""
import json
import pathlib
import random
import sys

import sentencepiece as spm
import tokenizers
from sentencepiece import sentencepiece_model_pb2 as pb

HERE = pathlib.Path(__file__).parent
AWKWARD = [
    "", " ", "  ", "   ", "\n", "\t", " \n \t ", "a", " a", "a ", "A cat.", "Hello  world", "  lead", "trail  ", "a  b   c     d",
    "line one\r\nline two\rline three\n", "naïve café — “curly” …", "e\u0301 vs \u00e9", "안녕하세요, 모델", "三值权重的语言模型", "これは小さな", "Привет",
    "مرحبا بالعالم", "नमस्ते", "สวัสดี", "🙂", "👩‍👩‍👧‍👦 🇰🇷 👍🏽", "\u200bzero\u200bwidth", "\ufeffbom", "▁lower▁▁block▁", "<s>not</s> <unk> <0x41>",
    "\x00nul\x7f\x80ÿ", "\U0010ffff🧬", "ﬁ ligature ① ² ½ Ⅷ ﷺ", "x" * 70, "ab" * 50, " " * 90, "0 1 12 1234 3.14", "\u3000wide\u00a0space\u2003",
    "foo bar foobar <sep>foo  bar", "zap it, zap it; a zap it", "wordy word words", "ΑΒΓ ΣΊΣΥΦΟΣ İstanbul ẞ", "\ufffd literal", "a\u0300\u0301\u0302\u0303b", "say <end> or<end>or < end > <END>",
]
INVALID = [b"\xff", b"a\x80b", b"\xe2\x96", b"\xe2\x96\x81\xe2\x96", b"\xc0\x80", b"\xed\xa0\x80", b"\xf0\x9f\x99", b"\xf4\x90\x80\x80 x", b" \xff \xfe "]
RULES = "41\t61\n42\t62\nA0\t20\n3000\t20\n65 301\tE9\n2026\t2E 2E 2E\n200B\t\nFB01\t66 69\n9\t20\n"


def training_text(path, seed=7):
    rng = random.Random(seed)
    syllables = ["ka", "lo", "mi", "ten", "ra", "sol", "be", "tu", "word", "fox", "an", "er", "ing", "th", "e"]
    lexicon = ["".join(rng.choices(syllables, k=rng.randint(1, 3))) for _ in range(400)]
    lines = [" ".join(rng.choices(lexicon, k=rng.randint(3, 12))) + rng.choice([".", "!", "?", ", 12", " A cat.", " 안녕 三值", " é café"]) for _ in range(3000)]
    path.write_text("\n".join(lines))


def train(name, **options):
    text = HERE / "train.tmp"
    training_text(text)
    rules = HERE / "rules.tmp"
    rules.write_text(RULES)
    if options.pop("rules", False):
        options["normalization_rule_tsv"] = str(rules)
    else:
        options.setdefault("normalization_rule_name", "identity")
    spm.SentencePieceTrainer.train(input=str(text), model_prefix=str(HERE / name), minloglevel=2, num_threads=1, hard_vocab_limit=False, **options)
    (HERE / f"{name}.vocab").unlink()
    text.unlink()
    rules.unlink()
    edit(name, lambda model: None)


def edit(name, change):
    path = HERE / f"{name}.model"
    model = pb.ModelProto.FromString(path.read_bytes())
    change(model)
    model.trainer_spec.input[:] = []
    model.trainer_spec.model_prefix = ""
    model.normalizer_spec.normalization_rule_tsv = ""
    path.write_bytes(model.SerializeToString())


def make_models():
    train("bpe-bytes", model_type="bpe", vocab_size=700, byte_fallback=True, remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True)
    train("bpe-rules", model_type="bpe", vocab_size=300, rules=True, user_defined_symbols=["<sep>", "foo bar", "foo", "▁▁"], control_symbols=["<ctl>"], character_coverage=0.99)
    train("bpe-unused", model_type="bpe", vocab_size=700, byte_fallback=True, add_dummy_prefix=False, remove_extra_whitespaces=False)
    train("unigram-bytes", model_type="unigram", vocab_size=600, byte_fallback=True, user_defined_symbols=["<sep>", "foo bar"], remove_extra_whitespaces=False)
    train("unigram-suffix", model_type="unigram", vocab_size=300, rules=True, treat_whitespace_as_suffix=True, character_coverage=0.99, unk_surface="<?>")
    train("unigram-bare", model_type="unigram", vocab_size=300, add_dummy_prefix=False, remove_extra_whitespaces=False)

    def mark_unused(model):
        for i, piece in enumerate(model.pieces):
            if piece.type == 1 and len(piece.piece) > 1 and i % 3 == 0:
                piece.type = 5
    edit("bpe-unused", mark_unused)

    def keep_spaces(model):
        model.normalizer_spec.escape_whitespaces = False
    edit("unigram-bare", keep_spaces)


def merges_of(model):
    """All the ways to put a piece together from two others, best piece first, as Hugging Face's converter lists them."""
    ids = {p.piece: i for i, p in enumerate(model.pieces)}
    found = []
    for piece in model.pieces:
        for k in range(1, len(piece.piece)):
            left, right = piece.piece[:k], piece.piece[k:]
            if left in ids and right in ids:
                found.append((piece.score, ids[left], ids[right], left, right))
    found.sort(key=lambda m: (-m[0], m[1], m[2]))
    return [[m[3], m[4]] for m in found]


def added(number, content, **flags):
    return {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True, **flags}


def template(*pieces):
    single = [{"Sequence": {"id": "A", "type_id": 0}} if p == "A" else {"SpecialToken": {"id": p, "type_id": 0}} for p in pieces]
    ids = {"<s>": 1, "</s>": 2}
    special = {p: {"id": p, "ids": [ids[p]], "tokens": [p]} for p in pieces if p != "A"}
    return {"type": "TemplateProcessing", "single": single, "pair": single + [{"Sequence": {"id": "B", "type_id": 1}}], "special_tokens": special}


def make_json():
    model = pb.ModelProto.FromString((HERE / "bpe-bytes.model").read_bytes())
    vocab = {p.piece: i for i, p in enumerate(model.pieces)}
    merges = merges_of(model)
    size = len(vocab)
    basic = [added(0, "<unk>"), added(1, "<s>"), added(2, "</s>")]
    bpe = {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True,
           "byte_fallback": True, "ignore_merges": False, "vocab": vocab, "merges": merges}
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    llama = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, replace]}
    undo = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
    decoder = {"type": "Sequence", "decoders": [undo, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}

    def write(name, **parts):
        document = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": basic, "normalizer": None, "pre_tokenizer": None,
                    "post_processor": None, "decoder": decoder, "model": bpe, **parts}
        (HERE / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")))

    zap = added(size, "zap it", normalized=True, special=False)
    write("llama", normalizer=llama, added_tokens=basic + [zap], post_processor=template("<s>", "A"))
    more = [added(size, "<sep>", lstrip=True), added(size + 1, "<end>", rstrip=True), added(vocab["word"], "word", single_word=True, special=False),
            added(size + 2, "foo bar", normalized=True, special=False), added(size + 3, "foo", special=False)]
    write("mistral", added_tokens=basic + more, pre_tokenizer=metaspace, post_processor=template("<s>", "A", "</s>"))
    write("metaspace", added_tokens=basic + more, pre_tokenizer={**metaspace, "prepend_scheme": "always", "split": True}, post_processor=template("<s>", "<s>", "A"),
          normalizer={"type": "Sequence", "normalizers": [{"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Lowercase"}]},
          decoder={"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True})
    few = {k: v for k, v in vocab.items() if not k.startswith("<0x")}
    few = {k: i for i, k in enumerate(few)}
    write("unknown", model={**bpe, "vocab": few, "merges": [" ".join(m) for m in merges], "byte_fallback": False, "fuse_unk": False, "ignore_merges": True},
          pre_tokenizer={**metaspace, "prepend_scheme": "never", "split": True}, decoder={"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"})


def random_texts(rng, count):
    fragments = AWKWARD[1:34] + ["the", " and", "ing", " ", "  ", "é", "三", "word", "foo", " bar", "<sep>", "<end>", " <end> ", "<s>", "</s>", "▁", "\n", "A", "B", ".", "1"]
    for _ in range(count):
        yield "".join(rng.choices(fragments, k=rng.randint(1, 7)))


def write_cases(tokenizer, out, count, name=None):
    rng = random.Random(11)
    texts = [t.encode() for t in AWKWARD + list(random_texts(rng, count))]
    path = str(tokenizer)
    if path.endswith(".json"):
        reference = tokenizers.Tokenizer.from_file(path)
        encode = lambda t, special: reference.encode(t.decode(), add_special_tokens=special).ids
        decode = lambda ids: reference.decode(ids).encode()
        size = reference.get_vocab_size()
        usable = [i for i in range(size) if not reference.id_to_token(i).startswith("<0x")]  # what broken byte runs give differs, on purpose
    else:
        reference = spm.SentencePieceProcessor(model_file=path)
        texts += INVALID + [t.encode() + b for t in rng.choices(AWKWARD, k=20) for b in rng.choices(INVALID, k=1)]
        encode = lambda t, special: ([reference.bos_id()] if special else []) + reference.encode(t)
        decode = lambda ids: reference.decode(ids).encode()
        usable = list(range(reference.get_piece_size()))
    cases = [[t.hex(), (ids := encode(t, False)), decode(ids).hex()] for t in texts]
    lists = [rng.choices(usable, k=rng.randint(1, 9)) for _ in range(max(count, 40))]
    if not path.endswith(".json"):
        # Runs of byte pieces, most of them no characters, and control pieces between.
        low = [i for i in usable if reference.is_byte(i) or reference.is_control(i)] or usable
        lists += [rng.choices(low, k=rng.randint(1, 9)) for _ in range(count)]
    result = {"tokenizer": name or path, "special": encode(b"A cat.", True), "cases": cases, "decode": [[ids, decode(ids).hex()] for ids in lists]}
    lines = json.dumps(result, separators=(",", ":")).replace("],[\"", "],\n[\"").replace("]],\"", "]],\n\"")
    pathlib.Path(out).write_text(lines + "\n")


def main():
    if len(sys.argv) > 1:
        out = pathlib.Path(sys.argv[1])
        out.mkdir(exist_ok=True)
        for index, tokenizer in enumerate(sys.argv[3:]):
            write_cases(tokenizer, out / f"{index}.cases.json", int(sys.argv[2]))
        return
    make_models()
    make_json()
    for tokenizer in sorted(HERE.glob("*.model")) + sorted(p for p in HERE.glob("*.json") if not p.name.endswith(".cases.json") and not p.name.startswith("byte-")):
        write_cases(tokenizer, HERE / f"{tokenizer.stem}.cases.json", 60, tokenizer.name)


if __name__ == "__main__":
    main()
