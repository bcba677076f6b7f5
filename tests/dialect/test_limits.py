"""Templates from strangers: whatever they try, a rendering ends soon and stays small."""

import pytest

from app.core.errors import KnownError
from app.dialect.template import ChatTemplate

DOUBLING = (
    "{%% set ns = namespace(s=%s) %%}{%% for i in range(99) %%}{%% set ns.s = %s %%}{%% endfor %%}"
)

GREEDY = {
    "string times": "{{ 'a' * 10**9 }}",
    "times, unprinted": "{% set x = 'a' * 1000000000 %}",
    "list times": "{% set x = [1] * 1000000000 %}",
    "constant list": "{{ [['a' * 100000] * 10000] * 100 }}",
    "tilde": DOUBLING % ("'a'", "ns.s ~ ns.s"),
    "plus": DOUBLING % ("'a'", "ns.s + ns.s"),
    "list plus": DOUBLING % ("['a' * 10000]", "ns.s + ns.s") + "{{ ns.s }}",
    "lists of lists": DOUBLING % ("[1]", "[ns.s, ns.s]") + "{{ ns.s }}",
    "tuples as keys": DOUBLING % ("(1,)", "(ns.s, ns.s)") + "{{ {ns.s: 1} }}",
    "dicts": DOUBLING % ("{}", "dict(a=ns.s, b=ns.s)") + "{{ ns.s | tojson }}",
    "set blocks": DOUBLING % ("'a'", "ns.s") + "{% for i in range(99) %}{% set b %}{{ ns.s }}"
    "{{ ns.s }}{% endset %}{% set ns.s = b %}{% endfor %}",
    "replace": "{{ ('a' * 100000).replace('', 'b' * 100000) }}",
    "replace filter": "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}",
    "join": "{{ range(99999) | join('a' * 99999) }}",
    "join method": "{{ ('a' * 99999).join(['x'] * 99999) }}",
    "join attribute": "{% set n = namespace(b='x' * 1000000) %}"
    "{{ ([n] * 100000) | join(attribute='b') }}",
    "indent": "{{ ('\n' * 100000) | indent('x' * 9999) }}",
    "json indent": "{{ ([[1] * 1000] * 1000) | tojson(indent=1000000) }}",
    "center": "{{ 'a' | center(1000000000) }}",
    "ljust": "{{ 'a'.ljust(1000000000) }}",
    "percent width": "{{ '%999999999d' % 1 }}",
    "percent star": "{{ '%*d' % (999999999, 1) }}",
    "percent precision": "{{ '%.999999999f' % 1 }}",
    "percent names": "{{ ('%(a)s' * 99999) % {'a': 'x' * 99999} }}",
    "format width": "{{ '{:>999999999}'.format(1) }}",
    "format nested": "{{ '{:{}}'.format(1, 999999999) }}",
    "format through an item": "{{ '{:{}}'['format'](1, 999999999) }}",
    "format map": "{{ ('{a}' * 99999).format_map({'a': 'x' * 99999}) }}",
    "format filter": "{{ '%999999999d' | format(1) }}",
    "batch": "{{ [1] | batch(1000000000, 0) | list }}",
    "slice": "{{ [1] | slice(1000000000) | list }}",
    "round": "{{ 1.5 | round(1000000000, 'ceil') }}",
    "power": "{{ 2 ** 99999999999 }}",
    "towers": DOUBLING % ("9", "ns.s * ns.s"),
    "backward search": "{{ ('a' * 9999999).rfind('b' ~ 'a' * 5000000) }}",
    "copies on the stack": "{% macro f(s) %}{% set t = s[1:] %}{{ f(t) }}{% endmacro %}"
    "{{ f('a' * 9999999) }}",
    "text of a macro": "{% macro m() %}" + "x" * 50_000 + "{% endmacro %}{% set b %}"
    "{% for i in range(99999) %}{{ m() }}{% endfor %}{% endset %}",
    "text of a loop": "{% set b %}{% for i in range(99999) %}" + "x" * 50_000 + "{% endfor %}"
    "{% endset %}",
    "output": "{% for i in range(99999) %}{{ 'x' * 100000 }}{% endfor %}",
    "title": "{{ ('a ' * 9999999) | title }}",
    "escape": "{{ ('<' * 9999999) | e | e | e }}",
}

ENDLESS = {
    "loops in loops": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}"
    "{% endfor %}",
    "loops with a condition": "{% for i in range(99999) %}{% for j in range(99999) if false %}"
    "{% endfor %}{% endfor %}",
    "macros": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}"
    "{{ f(60) }}",
    "recursive loop": "{% for i in range(50) recursive %}{% if loop.depth < 40 %}"
    "{{ loop(range(50)) }}{% endif %}{% endfor %}",
    "lazy filters": "{% for i in range(99999) %}{{ range(99999) | map('string') | select('in', 'x')"
    " | list | length }}{% endfor %}",
}

FORBIDDEN = {
    "classes": "{{ ''.__class__.__mro__ }}",
    "globals": "{{ raise_exception.__globals__.os }}",
    "change a list": "{{ messages.append(1) }}",
    "bytes": "{{ (5).to_bytes(1000000000) }}",
    "encode": "{{ 'a'.encode() }}",
    "include": "{% include '/etc/passwd' %}",
    "import": "{% import 'os' as os %}",
    "endless macro": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "endless block": "{% block a %}{{ self.a() }}{% endblock %}",
    "huge range": "{% for i in range(10**9) %}x{% endfor %}",
    "deep list": "{% set ns = namespace(s=[]) %}{% for i in range(9999) %}{% set ns.s = [ns.s] %}"
    "{% endfor %}{{ ns.s | tojson }}",
    "lorem": "{{ lipsum(1000000) }}",
}


@pytest.mark.parametrize("name", GREEDY)
def test_memory_is_bounded(name: str) -> None:
    """The limit of time is far away, so it is the limit of memory that stops it."""
    template = ChatTemplate(GREEDY[name], max_seconds=600)
    with pytest.raises(KnownError, match="asks for too much"):
        template.render([])


@pytest.mark.parametrize("name", ENDLESS)
def test_time_is_bounded(name: str) -> None:
    template = ChatTemplate(ENDLESS[name], max_seconds=0.05)
    with pytest.raises(KnownError, match="takes too long"):
        template.render([])


@pytest.mark.parametrize("name", FORBIDDEN)
def test_failures_are_told_in_words(name: str) -> None:
    with pytest.raises(KnownError) as caught:
        ChatTemplate(FORBIDDEN[name]).render([])
    assert caught.value.what.startswith("The model's chat template")
    assert caught.value.next_step


@pytest.mark.parametrize(
    "source",
    [
        "{% if %}",
        "{{ 1 + }}",
        "{% for i in [1] %}",
        "{{ 'a' | no_such_filter }}",
        "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
        "{{ a" + ".b" * 20_000 + " }}",
        "{% if 1 %}" * 2000 + "{% endif %}" * 2000,
        "{% for i in [1] %}" * 60 + "{% endfor %}" * 60,
        "x" * 70_000,
    ],
)
def test_bad_sources_are_refused(source: str) -> None:
    with pytest.raises(KnownError, match="cannot be used"):
        ChatTemplate(source)


def test_a_hostile_template_has_no_capabilities() -> None:
    capabilities = ChatTemplate(ENDLESS["macros"], max_seconds=0.05).capabilities
    assert not capabilities.tools.supported
    assert "takes too long" in capabilities.tools.reason


def test_namespaces_in_namespaces_print_short() -> None:
    source = DOUBLING % ("1", "namespace(a=ns.s, b=ns.s)") + "{{ ns.s }}"
    assert ChatTemplate(source).render([]).text == "<Namespace>"


def test_a_stopped_rendering_leaves_the_template_usable() -> None:
    template = ChatTemplate("{% if messages %}{{ 'a' * 10**9 }}{% endif %}fine")
    with pytest.raises(KnownError):
        template.render_openai([{"role": "user", "content": "x"}])
    assert template.render([]).text == "fine"
