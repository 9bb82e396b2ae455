import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

import hub.supervisor as module
from hub.clock import SystemClock
from hub.supervisor import NeedsAttention, Service, Stage, State, Supervisor


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.01)
    return Supervisor(SystemClock())


async def wait_until(condition: Callable[[], bool], limit_s: float = 15.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "never became true"
        await asyncio.sleep(0.005)


async def test_a_failing_service_is_restarted_with_one_warning_and_one_note(
    supervisor: Supervisor,
) -> None:
    starts = 0

    async def run(service: Service) -> None:
        nonlocal starts
        starts += 1
        if starts < 4:
            raise ConnectionError("peer is away")
        service.healthy()
        await asyncio.Event().wait()

    with capture_logs() as logs:
        service = supervisor.add("peer", run, Stage.SOURCES)
        await wait_until(lambda: service.state is State.RUNNING)
    assert service.restarts == 3
    assert [e["event"] for e in logs if e["log_level"] != "debug"] == [
        "service_lost",
        "service_back",
    ]
    assert await supervisor.stop() == ()
    assert service.state is State.STOPPED


async def test_the_first_log_line_of_a_bug_has_its_trace_and_a_dead_peer_has_none(
    supervisor: Supervisor,
) -> None:
    async def bug(_service: Service) -> None:
        raise TypeError("bug")

    async def away(_service: Service) -> None:
        raise ConnectionError("away")

    with capture_logs() as logs:
        one, two = (supervisor.add(n, r, Stage.SOURCES) for n, r in (("b", bug), ("a", away)))
        await wait_until(lambda: one.restarts > 1 and two.restarts > 1)
    by_name = {e["service"]: e["exc_info"] for e in logs if e["event"] == "service_lost"}
    assert isinstance(by_name["b"], TypeError)
    assert by_name["a"] is None
    await supervisor.stop()


async def test_one_services_failure_leaves_the_others_running(supervisor: Supervisor) -> None:
    async def bad(_service: Service) -> None:
        raise OSError("always")

    async def good(service: Service) -> None:
        service.healthy()
        await asyncio.Event().wait()

    failing = supervisor.add("bad", bad, Stage.SOURCES)
    running = supervisor.add("good", good, Stage.DECIDE)
    await wait_until(lambda: failing.restarts >= 3)
    assert running.state is State.RUNNING
    assert running.restarts == 0
    await supervisor.stop()


async def test_needs_attention_is_not_retried_until_told(supervisor: Supervisor) -> None:
    starts = 0

    async def run(service: Service) -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise NeedsAttention("wrong password for the broker")
        service.healthy()
        await asyncio.Event().wait()

    service = supervisor.add("mqtt", run, Stage.SOURCES)
    await wait_until(lambda: service.state is State.NEEDS_ATTENTION)
    await asyncio.sleep(0.1)
    assert starts == 1
    assert service.health().reason == "wrong password for the broker"
    supervisor.retry_now()
    await wait_until(lambda: service.state is State.RUNNING)
    assert service.reason == ""
    await supervisor.stop()


async def test_what_is_mended_while_an_attempt_goes_on_is_not_overlooked(
    supervisor: Supervisor,
) -> None:
    asked, starts = asyncio.Event(), 0

    async def run(service: Service) -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            await asked.wait()  # the broker takes its time to refuse the old password
            raise NeedsAttention("wrong password for the broker")
        service.healthy()
        await asyncio.Event().wait()

    service = supervisor.add("mqtt", run, Stage.SOURCES)
    await asyncio.sleep(0)
    supervisor.retry_now()  # the new one is in the configuration
    asked.set()
    try:
        await wait_until(lambda: service.state is State.RUNNING, 3.0)
    finally:
        await supervisor.stop()


async def test_missed_heart_beats_cancel_and_restart(supervisor: Supervisor) -> None:
    starts = 0
    cancelled = 0

    async def run(service: Service) -> None:
        nonlocal starts, cancelled
        starts += 1
        service.healthy()
        try:
            while True:
                if starts > 1:
                    service.beat()
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            cancelled += 1
            raise

    service = supervisor.add("quiet", run, Stage.SENSE, max_silence_s=0.2)
    await wait_until(lambda: starts == 2)
    assert cancelled == 1
    await asyncio.sleep(0.4)
    assert (starts, service.state) == (2, State.RUNNING)
    await supervisor.stop()


@pytest.mark.parametrize("max_silence_s", [None, 60.0])
async def test_a_cancellation_from_within_is_a_failure_and_not_the_end(
    supervisor: Supervisor, max_silence_s: float | None
) -> None:
    starts = 0

    async def run(service: Service) -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            given_up = asyncio.get_running_loop().create_future()
            given_up.cancel()
            await given_up
        service.healthy()
        await asyncio.Event().wait()

    with capture_logs() as logs:
        service = supervisor.add("peer", run, Stage.DECIDE, max_silence_s)
        await wait_until(lambda: service.state is State.RUNNING)
    assert (starts, service.restarts) == (2, 1)
    assert [e["event"] for e in logs] == ["service_lost", "service_back"]
    assert await supervisor.stop() == ()


async def test_a_silent_service_that_will_not_end_is_not_started_beside_itself(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.STOP_LIMIT_S, Stage.STORE, 0.05)
    running = most = starts = 0
    release = asyncio.Event()

    async def run(service: Service) -> None:
        nonlocal running, most, starts
        starts, running = starts + 1, running + 1
        most = max(most, running)
        try:
            while starts > 1:
                service.healthy()
                await asyncio.sleep(0.01)
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue
            raise OSError("the disk is back, the file is not")
        finally:
            running -= 1

    with capture_logs() as logs:
        service = supervisor.add("store", run, Stage.STORE, max_silence_s=0.1)
        try:
            await wait_until(lambda: sum(e["event"] == "service_stuck" for e in logs) >= 2, 3.0)
            assert starts == 1
        finally:
            release.set()
        await wait_until(lambda: service.state is State.RUNNING)
    assert (starts, most) == (2, 1)
    assert "service_failed_ending" in {e["event"] for e in logs}
    assert await supervisor.stop() == ()


async def test_a_watched_service_may_end_or_fail_by_itself(supervisor: Supervisor) -> None:
    async def ends(_service: Service) -> None:
        return

    starts = 0

    async def fails(_service: Service) -> None:
        nonlocal starts
        starts += 1
        raise OSError("gone")

    done = supervisor.add("ends", ends, Stage.API, max_silence_s=1)
    supervisor.add("fails", fails, Stage.API, max_silence_s=1)
    await wait_until(lambda: starts > 1 and done.state is State.STOPPED)
    await supervisor.stop()


async def test_stages_stop_in_order_and_late_ones_are_named(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.STOP_LIMIT_S, Stage.DECIDE, 0.1)
    order: list[str] = []
    release = asyncio.Event()

    def service_named(name: str, *, stubborn: bool = False) -> Callable[[Service], Awaitable[None]]:
        async def run(service: Service) -> None:
            service.healthy()
            try:
                await asyncio.Event().wait()
            finally:
                order.append(name)
                if stubborn:
                    await release.wait()

        return run

    supervisor.add("api", service_named("api"), Stage.API)
    supervisor.add("store", service_named("store"), Stage.STORE)
    supervisor.add("decide", service_named("decide", stubborn=True), Stage.DECIDE)
    supervisor.add("camera", service_named("camera"), Stage.SOURCES)
    await asyncio.sleep(0.02)
    with capture_logs() as logs:
        late = await supervisor.stop()
    assert late == ("decide",)
    assert order == ["camera", "decide", "store", "api"]
    assert [e["service"] for e in logs if e["event"] == "service_late"] == ["decide"]
    release.set()
    await asyncio.sleep(0.02)


async def test_one_service_can_be_stopped_and_added_again(supervisor: Supervisor) -> None:
    async def run(service: Service) -> None:
        service.healthy()
        await asyncio.Event().wait()

    supervisor.add("mqtt", run, Stage.SOURCES)
    with pytest.raises(ValueError, match="runs already"):
        supervisor.add("mqtt", run, Stage.SOURCES)
    await asyncio.sleep(0.01)
    await supervisor.stop_one("mqtt")
    await supervisor.stop_one("mqtt")
    supervisor.add("mqtt", run, Stage.SOURCES)
    await asyncio.sleep(0.01)
    assert [h.state for h in supervisor.health()] == [State.RUNNING]
    await supervisor.stop()


async def test_back_off_doubles_up_to_its_ceiling_and_health_resets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spans: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        spans.append((low, high))
        return 0.0

    monkeypatch.setattr(random, "uniform", uniform)
    supervisor = Supervisor(SystemClock())
    starts = 0

    async def run(service: Service) -> None:
        nonlocal starts
        starts += 1
        if starts == 9:
            service.healthy()
        raise OSError("away")

    supervisor.add("peer", run, Stage.SOURCES)
    await wait_until(lambda: len(spans) >= 10)
    await supervisor.stop()
    assert spans[:8] == [(c / 2, c) for c in (1, 2, 4, 8, 16, 32, 60, 60)]
    assert spans[8] == (0.5, 1.0)


async def test_long_health_also_resets_the_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEALTHY_AFTER_S", -1.0)
    spans: list[float] = []

    def uniform(_low: float, high: float) -> float:
        spans.append(high)
        return 0.0

    monkeypatch.setattr(random, "uniform", uniform)
    supervisor = Supervisor(SystemClock())

    async def run(_service: Service) -> None:
        raise OSError("away")

    supervisor.add("peer", run, Stage.SOURCES)
    await wait_until(lambda: len(spans) >= 4)
    await supervisor.stop()
    assert set(spans) == {1.0}
