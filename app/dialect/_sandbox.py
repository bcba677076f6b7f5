"""The Jinja environment for templates from strangers: the sandbox, with every operation metered.

A rendering happens in every turn, so it stays in this process, where it takes a millisecond. What
could run away is closed off in three ways: filters, methods and globals are those on a list; each
of them, each operator, each loop round and each call goes through the Meter; and whatever can make
something large out of something small is measured before it runs. The syntax tree is rewritten for
what Jinja does not let an environment intercept (`~`, comparisons, literals, slices, loops).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from types import BuiltinMethodType, MethodType
from typing import Any, Final

from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, pass_context
from jinja2.visitor import NodeTransformer

from app.core.language import tr
from app.dialect._amplifiers import (
    FILTER_CHECKS,
    METHOD_CHECKS,
    SAFE_METHODS,
    check_binop,
    check_percent_format,
    check_str_format,
)
from app.dialect._meter import Meter, TooExpensiveError

_FILTERS: Final = """
    abs attr batch capitalize center count d default dictsort e escape first float forceescape
    format groupby indent int items last length list lower map max min reject rejectattr replace
    reverse round safe select selectattr slice sort string sum title trim truncate unique upper
    urlencode wordcount
""".split()  # noqa: SIM905 - forty names read better so
_MAX_INDENT: Final = 16

# Names with a space: no template can spell them.
_CHARGE, _STEP, _MADE, _CONCAT, _ROUNDS = (
    f"meter {name}" for name in ("charge", "step", "made", "concat", "rounds")
)


# What generated code passes along for functions that want the context.
_CALL_EXTRAS = frozenset({"_loop_vars", "_block_vars"})


class RefusedByTemplate(TemplateError):  # noqa: N818 - a template's own verdict on its input
    """The template called raise_exception."""


class _QuietNamespace(Namespace):
    def __repr__(self) -> str:  # its values may hold other namespaces, over and over
        return "<Namespace>"


class _Generation(Extension):
    """`{% generation %}` marks what transformers trains on; here it changes nothing."""

    tags = {"generation"}  # noqa: RUF012 - as jinja2 declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _filter(node: Any, name: str) -> nodes.Filter:  # noqa: ANN401 - any expression
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


class _Metering(NodeTransformer):
    """Puts the meter where an environment has no hook."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        if node.test is not None:
            node.iter = _filter(node.iter, _ROUNDS)
        return self._metered_body(node)

    def _metered_body(self, node: Any) -> nodes.Node:  # noqa: ANN401 - any node with a body
        cost = 1 + sum(len(data.data) for data in node.find_all(nodes.TemplateData))
        self.generic_visit(node)
        charge = _filter(nodes.Const(cost, lineno=node.lineno), _CHARGE)
        node.body.insert(0, nodes.ExprStmt(charge, lineno=node.lineno))
        return node  # type: ignore[no-any-return]

    visit_Macro = visit_CallBlock = visit_FilterBlock = _metered_body  # noqa: N815
    visit_AssignBlock = visit_Block = _metered_body  # noqa: N815

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), _CONCAT)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = _filter(node.expr, _STEP)
        return node

    def visit_Test(self, node: nodes.Test) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.node = _filter(node.node, _STEP)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(node, _MADE) if isinstance(node.arg, nodes.Slice) else node

    def _literal(self, node: Any) -> nodes.Node:  # noqa: ANN401 - List, Tuple or Dict
        self.generic_visit(node)
        stored = getattr(node, "ctx", "load") != "load"
        return node if stored else _filter(node, _MADE)

    visit_List = visit_Tuple = visit_Dict = _literal  # noqa: N815


class MeteredEnvironment(ImmutableSandboxedEnvironment):
    """Render only inside `metered`. Not thread-safe."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,  # constant folding would run operators and filters while compiling
            finalize=pass_context(lambda _context, value: self._printed(value)),
            extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do", _Generation],
        )
        self._meter = Meter(0)
        self.filters = {name: self._guarded(name, FILTERS[name]) for name in _FILTERS}
        self.filters |= {
            "tojson": self._tojson,
            "join": self._join,
            _CHARGE: self._charge,
            _STEP: self._step,
            _MADE: self._made,
            _CONCAT: self._join,
            _ROUNDS: self._rounds,
        }
        self.globals.pop("lipsum", None)
        self.globals["namespace"] = _QuietNamespace

    @contextmanager
    def metered(self, input_chars: int, seconds: float) -> Iterator[Meter]:
        self._meter = Meter(input_chars, seconds)
        try:
            yield self._meter
        finally:
            self._meter = Meter(0)

    def prepared(self, source: str) -> nodes.Template:
        tree = self.parse(source)
        _Metering().visit(tree)
        return tree

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401
        if operator == "%" and isinstance(left, str):
            check_percent_format(self._meter, left, right)
        else:
            check_binop(self._meter, operator, left, right)
        return self._meter.made(super().call_binop(context, operator, left, right))

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        meter = self._meter
        meter.step()
        owner = getattr(obj, "__self__", None)
        if isinstance(obj, BuiltinMethodType | MethodType) and _is_value(owner):
            name = obj.__name__
            if name not in SAFE_METHODS[_kind(owner)]:
                raise SecurityError(
                    tr(
                        "{name}.{name2} is not offered to templates",
                        name=type(owner).__name__,
                        name2=name,
                    )
                )
            given = {key: value for key, value in kwargs.items() if key not in _CALL_EXTRAS}
            if name == "join":
                return self._join(*args, separator=owner, **given)
            if isinstance(owner, str) and name in METHOD_CHECKS:
                METHOD_CHECKS[name](meter, owner, *args, **given)
        return meter.made(super().call(context, obj, *args, **kwargs))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:  # noqa: ANN401
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None

        def checked(*args: object, **kwargs: object) -> str:
            check_str_format(self._meter, value.__self__, args, kwargs)
            return wrapped(*args, **kwargs)

        return checked

    def _guarded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        first = 1 if hasattr(function, "jinja_pass_arg") else 0
        check = FILTER_CHECKS.get(name)

        @wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            self._meter.step()
            for value in args[first:]:
                self._meter.weigh(value)
            if check is not None:
                check(self._meter, *args[first:], **kwargs)
            return self._meter.made(function(*args, **kwargs))

        return guarded

    def _printed(self, value: object) -> object:
        self._meter.charge(self._meter.weigh(value))
        return value

    def _charge(self, cost: int) -> None:
        self._meter.charge(cost)

    def _step(self, value: object) -> object:
        self._meter.step()
        return value

    def _made(self, value: object) -> object:
        return self._meter.made(value)

    def _rounds(self, values: Any) -> Iterator[Any]:  # noqa: ANN401
        for value in values:
            self._meter.step()
            yield value

    def _join(
        self,
        values: Any,  # noqa: ANN401
        d: object = "",
        attribute: str | int | None = None,
        *,
        separator: str | None = None,
    ) -> str:
        glue = str(d) if separator is None else separator
        pick = make_attrgetter(self, attribute) if attribute is not None else None
        pieces: list[str] = []
        for value in values:
            item = pick(value) if pick else value
            self._meter.charge(self._meter.weigh(item) + len(glue) + 8)
            if separator is not None and not isinstance(item, str):
                raise TypeError("join takes strings only")
            pieces.append(str(item))
        return glue.join(pieces)

    def _tojson(
        self,
        value: object,
        ensure_ascii: bool = False,
        indent: int | str | None = None,
        separators: tuple[str, str] | None = None,
        sort_keys: bool = False,
    ) -> str:
        self._meter.afford(6 * self._meter.weigh(value))
        if (
            indent is not None
            and (indent if isinstance(indent, int) else len(indent)) > _MAX_INDENT
        ):
            raise TooExpensiveError(tr("its indentation is too large"))
        encoder = json.JSONEncoder(
            ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
        )
        pieces: list[str] = []
        for piece in encoder.iterencode(value) if indent is not None else [encoder.encode(value)]:
            self._meter.charge(len(piece))
            pieces.append(piece)
        return "".join(pieces)


def _is_value(owner: object) -> bool:
    return owner is not None and isinstance(
        owner, str | bytes | int | float | list | tuple | Mapping | set | re.Pattern
    )


def _kind(owner: object) -> str:
    for kind, name in ((str, "str"), (Mapping, "dict"), (list | tuple, "list"), (float, "float")):
        if isinstance(owner, kind):
            return name
    return "other"
