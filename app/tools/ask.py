"""The tool that asks the person."""

from app.core.cancel import CancelToken
from app.core.json import JsonObject
from app.core.language import mark
from app.core.messages import ToolSpec
from app.tools.tool import Plan, Question, Tool, planning_tool


def _nothing(_cancel: CancelToken) -> str:
    raise AssertionError("the person's answer is the result")


def _plan(arguments: JsonObject, _cancel: CancelToken) -> Plan:
    choices = arguments.get("choices")
    told = [str(choice) for choice in choices] if isinstance(choices, list) else []
    return Plan(_nothing, question=Question(str(arguments["question"]), tuple(told)))


ASK_PERSON: Tool = planning_tool(
    ToolSpec(
        "ask_person",
        "Asks the person a question when something is needed that only they can say. Gives their "
        "answer.",
        {
            "type": "object",
            "properties": {
                "question": {"type": "string", "minLength": 1, "maxLength": 1000},
                "choices": {
                    "type": "array",
                    "items": {"type": "string", "minLength": 1, "maxLength": 120},
                    "maxItems": 8,
                    "description": "Answers to pick from; the person may still say something else.",
                },
            },
            "required": ["question"],
        },
    ),
    "asks",
    _plan,
    title=mark("Ask you"),
)
