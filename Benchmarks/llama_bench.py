"""What llama.cpp's llama-bench measures, through the package llama-cpp-python, which brings the library without its programs.

    llama_bench.py -m FILE -p PROMPT -n GENERATE -t THREADS [-r 1] [-o json]

Each test starts from an empty context, after a short prompt that is not counted: the whole prompt in one call, or GENERATE tokens one by one.
The settings are llama-bench's: batches of 2048 in parts of 512, and the library's own defaults. Prints its JSON, as far as `peers` reads it.
"""
import argparse
import json
import random
import sys
import time

import llama_cpp

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("-m", dest="model", required=True)
arguments.add_argument("-p", dest="prompt", type=int, default=512)
arguments.add_argument("-n", dest="generate", type=int, default=128)
arguments.add_argument("-t", dest="threads", type=int, required=True)
arguments.add_argument("-r", dest="repetitions", type=int, default=1, choices=[1])
arguments.add_argument("-o", dest="form", default="json", choices=["json"])
options = arguments.parse_args()

ERROR = 4  # of ggml_log_level
quiet = llama_cpp.llama_log_callback(lambda level, text, data: level == ERROR and sys.stderr.buffer.write(text))
llama_cpp.llama_log_set(quiet, None)
llama_cpp.llama_backend_init()
model = llama_cpp.llama_model_load_from_file(options.model.encode(), llama_cpp.llama_model_default_params())
if not model:
    sys.exit(f"{options.model}: llama.cpp cannot load it")
settings = llama_cpp.llama_context_default_params()
settings.n_ctx = options.prompt + options.generate
settings.n_batch, settings.n_ubatch = 2048, 512
settings.n_threads = settings.n_threads_batch = options.threads
context = llama_cpp.llama_init_from_model(model, settings)
if not context:
    sys.exit(f"{options.model}: llama.cpp cannot make a context of {settings.n_ctx} tokens")
vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))


def forget():
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)


def decode(count):
    """Puts random tokens behind the context, in one call."""
    tokens = (llama_cpp.llama_token * count)(*(random.randrange(vocabulary) for _ in range(count)))
    if llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(tokens, count)) != 0:
        sys.exit(f"{options.model}: llama.cpp cannot decode it")
    llama_cpp.llama_synchronize(context)


decode(min(32, settings.n_ctx))
results = []
for prompt, generate in [(options.prompt, 0), (0, options.generate)]:
    if prompt + generate == 0:
        continue
    forget()
    start = time.perf_counter()
    for count in [prompt] if prompt else [1] * generate:
        decode(count)
    speed = (prompt + generate) / (time.perf_counter() - start)
    results.append({"n_prompt": prompt, "n_gen": generate, "avg_ts": speed, "build_commit": f"llama-cpp-python {llama_cpp.__version__}"})
json.dump(results, sys.stdout, indent=2)
print()
