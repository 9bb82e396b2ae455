"""The summary of a run: what happened, how fast, at what cost."""

from typing import TYPE_CHECKING, Any

from hub.process_stats import process_stats

if TYPE_CHECKING:
    from hub.app import Hub


def usage(hub: "Hub") -> dict[str, Any]:
    """Return what both processes use; ask while they run."""
    own, sense = process_stats(), hub.link.stats()
    return {
        "rss_mb": {
            "hub": own.rss_mb if own else None,
            "sense": sense.rss_mb,
            "words": sense.words.rss_mb if sense.words else None,
        },
        "cpu_s": {
            "hub": own.cpu_s if own else None,
            "sense": sense.cpu_s,
            "words": sense.words.cpu_s if sense.words else None,
        },
    }


def summary(hub: "Hub") -> dict[str, Any]:
    """Return counts since the start, restarts, drops and latencies; complete once it stopped."""
    stats = hub.link.stats()
    counters = hub.counters
    return {
        "frames": stats.frames,
        "faces": stats.faces,
        "voice_windows": stats.voice_windows,
        "texts": stats.texts,
        "utterances": stats.utterances,
        "utterances_read": stats.utterances_read,
        "readings": counters.readings,
        "moods": counters.moods,
        "decisions": counters.decisions,
        "commands": counters.commands,
        "outcomes": sum(counters.outcomes.values()),
        "outcomes_by_status": counters.outcomes,
        "restarts": sum(service.restarts for service in hub.supervisor.health()),
        "drops": hub.operations.drops(),
        "camera_to_command_ms": counters.camera_to_command_ms(),
        "start_to_first_mood_s": counters.first_mood_s,
        "start_to_first_action_s": counters.first_action_s,
    }
