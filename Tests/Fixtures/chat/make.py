#!/usr/bin/env python3
"""Makes cases.json: templates in the style of published ones, and what jinja2 (3.1.6) makes of conversations with them.

The environment is set up as Hugging Face's `apply_chat_template` sets it up. The templates are our own.
"""
import json
import pathlib

import jinja2
import jinja2.sandbox
from jinja2.ext import loopcontrols

HERE = pathlib.Path(__file__).parent
USER = [{"role": "user", "content": " Hello, wie geht's?\n"}]
SYSTEM = [{"role": "system", "content": "Be brief."}, *USER]
LONG = [*SYSTEM, {"role": "assistant", "content": "<think>\nhm\n</think>\n\nGut — 좋아요 🙂."}, {"role": "user", "content": "Und \"dir\"?\ttab"}]

TEMPLATES = {
    "llama3": """{{- bos_token }}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{#- the date is always there #}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{{- "Cutting Knowledge: " + "2023" + "\\n" }}
{%- if tools is not none %}
    {{- tools | tojson(indent=4) }}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("one call only") }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "bitnet": "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = message['role'] | capitalize + ': ' + message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}",
    "chatml": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou are helpful.<|im_end|>\\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "qwen3": """{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "llama2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "zephyr": """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>
'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}""",
    "falcon": "{% for message in messages %}{% if not loop.first %}{{ '\\n' }}{% endif %}{{ {'system': 'System', 'user': 'User', 'assistant': 'Falcon'}[message['role']] ~ ': ' ~ message['content']|replace('\\r\\n', '\\n')|replace('\\n\\n', '\\n')|trim }}{% endfor %}{{ '\\n' ~ ('Falcon:' if add_generation_prompt else eos_token) }}",
    "no-system": "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}",
    "macros": """{%- macro header(role, mark='##', upper=false) -%}
{{ mark }} {{ role | upper if upper else role | title }}:
{%- endmacro %}
{% for role, group in {'user': [1, 2], 'assistant': []}.items() %}
{{ header(role) }}{{ header(role, upper=true, mark='--') }}
    {% for x in group if x > 1 %}
  [{{ loop.index }}/{{ loop.length }} {{ x }} {{ loop.previtem is defined }} {{ loop.nextitem is defined }}]
    {% else %}
  nothing
    {% endfor %}
{% endfor %}
{% raw %}{{ not run }}{% endraw %}
{% set block %}a{{ 1 + 1 }}{% endset %}{{ block * 2 }}""",
    "filters": "{{ messages | length }} {{ messages | map(attribute='role') | join(', ') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ (messages | rejectattr('role', 'eq', 'user') | first).content | default('none at all') }} {{ missing | default('x') }} {{ '' | default('y', true) }} {{ [3, 'a', none, true, 1.5] }} {{ {'a': [1], 'b': \"it's\"} }} {{ {'a': \"q\\\"\\n<é>\", 'b': [1, 2.5, none, true]} | tojson }} {{ 'aXbX' | replace('X', '-') | upper | lower }} {{ ' a  b '.split() }} {{ 'a,b,,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ 'hello'[1:-1] }} {{ 'hello'[::-1] }} {{ 'hello'[-1] }} {{ 'é한🙂'|length }} {{ 'é한🙂'[1] }} {{ [1,2,3][-2:] }} {{ [1,2,3] | last }} {{ 'b' in 'abc' }} {{ 4 not in [1,2] }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 * 3 + 4 }} {{ 1 < 2 <= 2 }} {{ not false and true or false }} {{ 'a' ~ 1 ~ none ~ true }} {{ '%' }} {{ range(3) | list }} {{ range(5, 0, -2) | list }} {{ 'x' if false }} {{ messages is iterable }} {{ messages is mapping }} {{ 3 is odd }} {{ 'ab' is in ['ab'] }} {{ '12' | int + 1 }} {{ 'one\\ntwo' | indent(2) }} {{ 'xxabxx'.strip('x') }} {{ 'abc'.find('c') }} {{ dict(a=1).get('b', 5) }} {{ 'tItLe cAse' | title }} {{ 'tItLe' | capitalize }} {{ [1, 1, 2] | unique | list }} {{ 'a-b'.replace('-', '+', 1).startswith('a+') }} {{ -3 | abs }} {{ ['b'] + ['c'] }} {{ 'x'.upper() }} {{ (1, 2)[0] }} {{ namespace(a=2).a }} {{ strftime_now is defined }} {{ messages[0]['nope'] is defined }} {{ messages[9] is defined }} {{ 'abc' > 'abd' }} {{ none is none }} {{ [[1, 2], [3, 4]] | tojson(indent=2) }} {{ [] | tojson }}",
    "whitespace": """  {% if true %}
    a
  {%- else %}
    b
  {%- endif +%}

{{- ' c ' -}}
   d  {# gone #}
  {# gone with its line #}
e {%+ if true %} f {% endif %}
{%- for m in messages -%} {{ m.role[0] }} {% endfor %}

""",
    "loops": "{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + m.content | length %}{% set inner = 1 %}{% endfor %}{{ ns.n }}{{ inner is defined }}{% for a, b in [[1, 2], (3, 4)] %}{{ a }}{{ b }}{% endfor %}{% set x, y = 1, 2 %}{{ x + y }}{% generation %}g{% endgeneration %}",
    "undefined": "{{ nothing }}{% for x in nothing %}x{% endfor %}{% if nothing %}y{% endif %}{{ nothing.member }}",
}


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        return jinja2.nodes.Scope(parser.parse_statements(["name:endgeneration"], drop_needle=True), lineno=line)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def main():
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda format: format
    cases = []
    for name, text in TEMPLATES.items():
        template = environment.from_string(text)
        for messages in (USER, SYSTEM, LONG):
            for prompt in (True, False):
                try:
                    expected = template.render(messages=messages, tools=None, documents=None, add_generation_prompt=prompt, bos_token="<s>", eos_token="</s>")
                except jinja2.exceptions.TemplateError as error:
                    expected = None
                cases.append({"name": name, "template": text, "messages": messages, "add_generation_prompt": prompt, "expected": expected})
    (HERE / "cases.json").write_text("[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
