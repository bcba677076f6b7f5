"""Properties that a prediction has whatever the constants are."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.planning.speed import (
    Backend,
    DeviceKind,
    DeviceWork,
    SpeedDevice,
    SpeedPrediction,
    TokenWork,
    predict_speed,
)

GPU = SpeedDevice("GPU", "gpu", "cuda", 1008e9, 82.6e12)
RAM = SpeedDevice("RAM", "cpu", "cpu", 90e9)


def glm_46(bits: float, *, gpu: SpeedDevice = GPU, ram_share: float = 1.0) -> TokenWork:
    """GLM-4.6 with always-read weights on the GPU and a share of the experts in RAM."""
    experts = 335.96e9 * bits / 8
    return TokenWork(
        (
            DeviceWork(
                gpu,
                always_bytes=16.06e9 * 6 / 8,
                expert_bytes=experts * (1 - ram_share),
                always_params=15.3e9,
                expert_params=335.96e9 * (1 - ram_share),
                kv_bytes_per_token=376_832,
                attention_flops_per_pair=4.5e6,
                layers=92,
            ),
            DeviceWork(
                RAM,
                expert_bytes=experts * ram_share,
                expert_params=335.96e9 * ram_share,
                split_layers=89 * ram_share,
            ),
        ),
        expert_count=160,
        expert_used=8,
        upload_bytes_per_second=25e9,
        disk_bytes_per_second=5e9,
    )


def expected(prediction: SpeedPrediction) -> tuple[float, float, float, float]:
    rates = (
        prediction.generation_empty,
        prediction.generation_full,
        prediction.prefill_empty,
        prediction.prefill_full,
    )
    return (rates[0].expected, rates[1].expected, rates[2].expected, rates[3].expected)


sizes = st.floats(0, 1e12)
KINDS: list[tuple[DeviceKind, Backend]] = [
    ("gpu", "cuda"),
    ("gpu", "vulkan"),
    ("unified", "metal"),
    ("unified", "rocm"),
    ("cpu", "cpu"),
]


@st.composite
def devices(draw: st.DrawFn) -> DeviceWork:
    kind, backend = draw(st.sampled_from(KINDS))
    device = SpeedDevice(
        "device",
        kind,
        backend,
        draw(st.none() | st.floats(1e9, 1e13)),
        draw(st.none() | st.floats(1e10, 1e15)),
    )
    always, experts = draw(sizes), draw(sizes)
    return DeviceWork(
        device,
        always_bytes=always + 1,
        expert_bytes=experts,
        always_params=draw(sizes),
        expert_params=draw(sizes),
        kv_bytes_per_token=draw(st.floats(0, 1e6)),
        attention_flops_per_pair=draw(st.floats(0, 1e8)),
        layers=draw(st.integers(0, 100)),
        split_layers=draw(st.integers(0, 100)),
        absent_bytes=draw(st.sampled_from([0.0, 0.3, 1.0])) * (always + experts),
    )


works = st.builds(
    TokenWork,
    st.lists(devices(), min_size=1, max_size=4).map(tuple),
    expert_count=st.just(160),
    expert_used=st.integers(1, 160),
    ubatch_tokens=st.integers(1, 4096),
    upload_bytes_per_second=st.none() | st.floats(1e9, 1e11),
    disk_bytes_per_second=st.none() | st.floats(1e7, 1e11),
)
contexts = st.integers(0, 2_000_000)


@given(works, contexts)
def test_a_range_contains_its_point_and_everything_is_finite(work: TokenWork, context: int) -> None:
    prediction = predict_speed(work, context)
    for rate in (
        prediction.generation_empty,
        prediction.generation_full,
        prediction.prefill_empty,
        prediction.prefill_full,
    ):
        assert 0 < rate.low < rate.expected < rate.high < math.inf
    assert prediction.generation_full.expected <= prediction.generation_empty.expected
    assert prediction.prefill_full.expected <= prediction.prefill_empty.expected
    total = sum(part.seconds for part in prediction.parts)
    assert total == pytest.approx(1 / prediction.generation_empty.expected)


@given(works, contexts, st.integers(0, 3), st.floats(1, 100))
def test_more_bandwidth_is_never_slower(
    work: TokenWork, context: int, at: int, factor: float
) -> None:
    index = at % len(work.devices)
    part = work.devices[index]
    bandwidth = part.device.bandwidth_bytes_per_second or 1e11
    slow = _with_device(work, index, replace(part.device, bandwidth_bytes_per_second=bandwidth))
    fast = _with_device(
        work, index, replace(part.device, bandwidth_bytes_per_second=bandwidth * factor)
    )
    _never_slower(expected(predict_speed(fast, context)), expected(predict_speed(slow, context)))


@given(
    works,
    contexts,
    st.sampled_from(["always_bytes", "expert_bytes", "kv_bytes_per_token", "absent_bytes"]),
    st.floats(1, 10),
)
def test_more_bytes_are_never_faster(
    work: TokenWork, context: int, field: str, factor: float
) -> None:
    """What does not fit now does not fit then: added weights come from disk if some did before."""
    parts = list(work.devices)
    value = getattr(parts[0], field)
    absent = parts[0].absent_bytes
    if absent and field in ("always_bytes", "expert_bytes"):
        parts[0] = replace(parts[0], absent_bytes=absent + value * (factor - 1))
    parts[0] = replace(parts[0], **{field: value * factor})
    more = replace(work, devices=tuple(parts))
    _never_slower(expected(predict_speed(work, context)), expected(predict_speed(more, context)))


def test_fewer_bits_and_fewer_experts_in_ram_are_faster() -> None:
    by_bits = [predict_speed(glm_46(bits), 32_768) for bits in (2.5, 3.5, 4.5, 8.5)]
    by_share = [predict_speed(glm_46(4.5, ram_share=share), 32_768) for share in (0, 0.4, 0.8, 1)]
    for predictions in (by_bits, by_share):
        speeds = [prediction.generation_empty.expected for prediction in predictions]
        assert speeds == sorted(speeds, reverse=True)


def test_a_larger_micro_batch_spreads_the_upload_over_more_tokens() -> None:
    work = glm_46(4.5)
    small = predict_speed(work, 4096)
    large = predict_speed(replace(work, ubatch_tokens=4096), 4096)
    assert large.prefill_empty.expected > 3 * small.prefill_empty.expected
    assert large.generation_empty == small.generation_empty


def test_without_op_offload_the_processor_reads_the_prompt() -> None:
    prediction = predict_speed(replace(glm_46(4.5), upload_bytes_per_second=None), 4096)
    assert any("processor" in text for text in prediction.assumptions)
    assert not any("go from RAM" in text for text in prediction.assumptions)


def test_whole_layers_in_ram_read_prompts_faster_with_a_card_to_upload_to() -> None:
    work = glm_46(4.5)
    layers = replace(
        work.devices[1], always_bytes=6e9, always_params=8e9, kv_bytes_per_token=2e5, layers=46
    )
    work = replace(work, devices=(work.devices[0], layers), ubatch_tokens=2048)
    alone = replace(work, upload_bytes_per_second=None)
    helped, unhelped = predict_speed(work, 4096), predict_speed(alone, 4096)
    assert helped.prefill_empty.expected > 2 * unhelped.prefill_empty.expected
    assert helped.generation_empty == unhelped.generation_empty


def test_weights_on_disk_set_the_pace_and_widen_the_range() -> None:
    work = glm_46(4.5)
    ram = replace(work.devices[1], absent_bytes=work.devices[1].expert_bytes / 2)
    slow = predict_speed(replace(work, devices=(work.devices[0], ram)), 0)
    fast = predict_speed(work, 0)
    assert slow.generation_empty.expected < fast.generation_empty.expected / 3
    assert _width(slow) > _width(fast)
    assert max(slow.parts, key=lambda part: part.seconds).label == "disk"
    assert any("disk" in text for text in slow.assumptions)


def test_an_unknown_bandwidth_is_said_and_widens_the_range() -> None:
    unknown = predict_speed(glm_46(4.5, gpu=replace(GPU, bandwidth_bytes_per_second=None)), 0)
    assert _width(unknown) > _width(predict_speed(glm_46(4.5), 0))
    assert any("bandwidth of GPU is unknown" in text for text in unknown.assumptions)


def test_a_model_that_is_all_on_the_card_needs_no_assumption() -> None:
    """RAM still holds the input matrix, of which a token reads one row."""
    card = glm_46(4.5, ram_share=0).devices[0]
    row = DeviceWork(RAM, always_bytes=10_240)
    prediction = predict_speed(TokenWork((card, row), 160, 8, upload_bytes_per_second=25e9), 32_768)
    assert prediction.assumptions == ()


def test_a_prompt_that_fills_the_context_takes_the_mean_time_per_token() -> None:
    prediction = predict_speed(glm_46(4.5), 32_768)
    slowest = 32_768 / prediction.prefill_full.expected
    fastest = 32_768 / prediction.prefill_empty.expected
    assert prediction.prompt_seconds == pytest.approx((slowest + fastest) / 2)


def test_work_without_devices_or_with_a_negative_context_is_a_bug() -> None:
    with pytest.raises(ValueError, match="device"):
        predict_speed(TokenWork(()), 0)
    with pytest.raises(ValueError, match="context"):
        predict_speed(glm_46(4.5), -1)


def _with_device(work: TokenWork, index: int, device: SpeedDevice) -> TokenWork:
    parts = list(work.devices)
    parts[index] = replace(parts[index], device=device)
    return replace(work, devices=tuple(parts))


def _never_slower(fast: tuple[float, ...], slow: tuple[float, ...]) -> None:
    for better, worse in zip(fast, slow, strict=True):
        assert better >= worse * (1 - 1e-9)


def _width(prediction: SpeedPrediction) -> float:
    return prediction.generation_empty.high / prediction.generation_empty.low
