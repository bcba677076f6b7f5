"""Small files in the formats of other programs, written after what those programs write."""

from app.core.json import JsonObject

CHATGPT: JsonObject = {
    "title": "Prime numbers",
    "create_time": 1712000000.5,
    "update_time": 1712000100.25,
    "current_node": "n6",
    "conversation_id": "6609a7c0-0000-4000-8000-000000000001",
    "is_archived": False,
    "mapping": {
        "root": {"id": "root", "message": None, "parent": None, "children": ["sys"]},
        "sys": {
            "id": "sys",
            "parent": "root",
            "children": ["n1"],
            "message": {
                "author": {"role": "system"},
                "content": {"content_type": "text", "parts": [""]},
                "metadata": {"is_visually_hidden_from_conversation": True},
            },
        },
        "n1": {
            "id": "n1",
            "parent": "sys",
            "children": ["n2", "n3"],
            "message": {
                "author": {"role": "user"},
                "create_time": 1712000001.0,
                "content": {"content_type": "text", "parts": ["Is 91 prime?"]},
                "metadata": {},
            },
        },
        "n2": {
            "id": "n2",
            "parent": "n1",
            "children": [],
            "message": {
                "author": {"role": "assistant"},
                "create_time": 1712000002.0,
                "status": "finished_successfully",
                "content": {"content_type": "text", "parts": ["Yes."]},
                "metadata": {"model_slug": "gpt-4"},
            },
        },
        "n3": {
            "id": "n3",
            "parent": "n1",
            "children": ["n4"],
            "message": {
                "author": {"role": "assistant"},
                "create_time": 1712000003.0,
                "status": "finished_successfully",
                "content": {
                    "content_type": "thoughts",
                    "thoughts": [{"summary": "Dividing", "content": "91 = 7 * 13"}],
                },
                "metadata": {"model_slug": "o3"},
            },
        },
        "n4": {
            "id": "n4",
            "parent": "n3",
            "children": ["n5"],
            "message": {
                "author": {"role": "assistant"},
                "create_time": 1712000004.0,
                "status": "finished_successfully",
                "recipient": "all",
                "content": {"content_type": "text", "parts": ["No: 7 × 13."]},
                "metadata": {"model_slug": "o3"},
            },
        },
        "n5": {
            "id": "n5",
            "parent": "n4",
            "children": ["n6"],
            "message": {
                "author": {"role": "user"},
                "create_time": 1712000005.0,
                "content": {
                    "content_type": "multimodal_text",
                    "parts": [
                        {
                            "content_type": "image_asset_pointer",
                            "asset_pointer": "file-service://x",
                        },
                        "And this one?",
                    ],
                },
                "metadata": {
                    "attachments": [
                        {"id": "file-1", "name": "primes.txt", "size": 40, "mimeType": "text/plain"}
                    ]
                },
            },
        },
        "n6": {
            "id": "n6",
            "parent": "n5",
            "children": [],
            "message": {
                "author": {"role": "assistant"},
                "create_time": 1712000006.0,
                "status": "finished_successfully",
                "recipient": "python",
                "content": {"content_type": "code", "language": "unknown", "text": "97 % 7"},
                "metadata": {"model_slug": "gpt-4"},
            },
        },
    },
}

LM_STUDIO: JsonObject = {
    "name": "Haiku",
    "pinned": True,
    "createdAt": 1735000000000,
    "tokenCount": 99,
    "systemPrompt": "Write poems.",
    "messages": [
        {
            "versions": [
                {
                    "type": "singleStep",
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "A haiku about rain"},
                        {"type": "file", "fileIdentifier": "rain.txt", "sizeBytes": 12},
                    ],
                }
            ],
            "currentlySelected": 0,
        },
        {
            "versions": [
                {
                    "type": "multiStep",
                    "role": "assistant",
                    "senderInfo": {"senderName": "glm-4.6"},
                    "steps": [
                        {
                            "type": "contentBlock",
                            "content": [{"type": "text", "text": "Drops, drops"}],
                        }
                    ],
                },
                {
                    "type": "multiStep",
                    "role": "assistant",
                    "senderInfo": {"senderName": "glm-4.6"},
                    "steps": [
                        {
                            "type": "contentBlock",
                            "style": {"type": "thinking", "ended": True},
                            "content": [{"type": "text", "text": "Five, seven, five."}],
                        },
                        {
                            "type": "contentBlock",
                            "content": [{"type": "text", "text": "Rain on the old roof"}],
                            "genInfo": {
                                "identifier": "zai-org/glm-4.6",
                                "stats": {"tokensPerSecond": 11.5},
                            },
                        },
                    ],
                },
            ],
            "currentlySelected": 1,
        },
        {
            "versions": [
                {
                    "type": "singleStep",
                    "role": "user",
                    "content": [{"type": "text", "text": "Once more"}],
                }
            ],
            "currentlySelected": 0,
        },
    ],
}

JAN_THREAD: JsonObject = {
    "id": "01J0000000000000000000000A",
    "object": "thread",
    "title": "Bread",
    "assistants": [{"id": "jan", "model": {"id": "qwen3-8b"}, "instructions": "Be warm."}],
    "created": 1722470400,
    "updated": 1722470460,
}
JAN_MESSAGES: list[JsonObject] = [
    {
        "id": "m1",
        "object": "thread.message",
        "role": "user",
        "status": "ready",
        "created_at": 1722470401000,
        "content": [{"type": "text", "text": {"value": "How long to bake?", "annotations": []}}],
    },
    {
        "id": "m2",
        "object": "thread.message",
        "role": "assistant",
        "status": "ready",
        "created_at": 1722470402000,
        "content": [
            {"type": "reasoning", "text": {"value": "A loaf.", "annotations": []}},
            {"type": "text", "text": {"value": "40 minutes.", "annotations": []}},
        ],
    },
    {
        "id": "m3",
        "object": "thread.message",
        "role": "assistant",
        "status": "stopped",
        "created_at": 1722470403000,
        "content": [
            {
                "type": "text",
                "text": {"value": "<think>Or less?</think>\nMaybe 35.", "annotations": []},
            }
        ],
    },
]

OPEN_WEBUI: JsonObject = {
    "id": "8f1c7f4e-0000-4000-8000-000000000002",
    "title": "Time in Tokyo",
    "pinned": True,
    "archived": False,
    "created_at": 1735689600,
    "updated_at": 1735689700,
    "chat": {
        "title": "Time in Tokyo",
        "models": ["glm-4.6"],
        "params": {"system": "Be exact."},
        "history": {
            "currentId": "b2",
            "messages": {
                "a": {
                    "id": "a",
                    "parentId": None,
                    "childrenIds": ["b1", "b2"],
                    "role": "user",
                    "content": "What time is it in Tokyo?",
                    "timestamp": 1735689601,
                    "files": [
                        {
                            "type": "file",
                            "name": "zones.csv",
                            "file": {"filename": "zones.csv", "data": {"content": "JST,+9"}},
                        }
                    ],
                },
                "b1": {
                    "id": "b1",
                    "parentId": "a",
                    "childrenIds": [],
                    "role": "assistant",
                    "content": "",
                    "error": {"content": "Model not found"},
                    "timestamp": 1735689602,
                },
                "b2": {
                    "id": "b2",
                    "parentId": "a",
                    "childrenIds": [],
                    "role": "assistant",
                    "model": "glm-4.6",
                    "content": '<details type="reasoning" done="true" duration="3">\n'
                    "<summary>Thought for 3 seconds</summary>\n> UTC &amp; 9 hours.\n"
                    "> Add them.\n</details>\n"
                    '<details type="tool_calls" done="true" id="call_1" name="clock" '
                    'arguments="&quot;{\\&quot;zone\\&quot;: \\&quot;Asia/Tokyo\\&quot;}&quot;" '
                    'result="&quot;09:00&quot;">\n<summary>Tool Executed</summary>\n</details>\n'
                    "It is 9 in the morning.",
                    "timestamp": 1735689603,
                    "done": True,
                },
            },
        },
    },
}
