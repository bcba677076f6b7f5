"""The demo model says through the real engine what it was taught."""

import json
from typing import Any

from app.chat.services import chat_template
from app.core.paths import demo_model_path, resources_dir
from app.core.placement import Placement
from app.core.sampling import Sampling
from app.engine.client import EngineClient
from app.engine.protocol import TextChunk

# Another processor rounds differently, and a near tie may fall to the other side.
SHARE = 0.97


def _cases() -> list[dict[str, Any]]:
    text = (resources_dir() / "demo" / "cases.json").read_text(encoding="utf-8")
    cases: list[dict[str, Any]] = json.loads(text)
    return cases


def test_it_knows_its_lines() -> None:
    client = EngineClient()
    try:
        model = client.load(str(demo_model_path()), Placement(threads=1, batch_threads=1))
        template = chat_template(model)
        missed = []
        cases = _cases()
        for case in cases:
            prompt = template.render_openai(
                case["messages"], case["tools"], thinking=case["thinking"]
            )
            events = client.generate(prompt, Sampling(temperature=0.0))
            said = "".join(event.text for event in events if isinstance(event, TextChunk))
            if said != case["expected"]:
                missed.append(case["messages"][-1]["content"])
    finally:
        assert client.close()
    assert len(cases) >= 300
    assert len(missed) <= (1 - SHARE) * len(cases), missed[:10]
