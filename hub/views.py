"""What a running hub shows of itself, as plain data."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from drivers.types import Outcome, Status
from hub.decide.wishes import eased
from hub.driver_words import in_words
from hub.history import Entry
from hub.phrase import Phrase, phrase_or
from hub.process_stats import process_stats
from hub.sense.sources import Source, configured, wearable_id
from hub.settings import Settings
from hub.types import (
    Decision,
    Held,
    MusicGoal,
    PersonId,
    RestoreGoal,
    RoomId,
    SceneGoal,
    SenseState,
)
from models.types import MoodEstimate, Sense

if TYPE_CHECKING:
    from hub.app import Hub

SHOWN_DECISIONS = 6


class Views:
    """Reads the hub's parts; changes nothing."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub

    def status(self) -> dict[str, Any]:
        """Return services, senses, drops, memory and what the sensing process has done."""
        hub = self._hub
        own, sense = process_stats(), hub.link.stats()
        return {
            "uptime_s": round(hub.clock.monotonic() - hub.started, 1),
            "privacy": hub.permission.privacy,
            "services": [asdict(health) for health in hub.supervisor.health()],
            "senses": self._senses(),
            "sense_process": {
                "pid": sense.pid,
                "isolation": sense.isolation.value if sense.isolation else None,
                "deaths": sense.deaths,
                "violations": sense.violations,
                "frames": sense.frames,
                "faces": sense.faces,
                "voice_windows": sense.voice_windows,
                "texts": sense.texts,
                "words": sense.words.model_dump(mode="json") if sense.words else None,
                "face_ms": sense.face_ms,
                "voice_ms": sense.voice_ms,
                "text_ms": sense.text_ms,
                "cpu_s": sense.cpu_s,
                "ready_after_s": sense.ready_after_s,
            },
            "counts": {
                "readings": hub.counters.readings,
                "moods": hub.counters.moods,
                "decisions": hub.counters.decisions,
                "commands": hub.counters.commands,
                "outcomes": dict(hub.counters.outcomes),
            },
            "drops": self.drops(),
            "coalesced": self._coalesced(),
            "rss_mb": {
                "hub": own.rss_mb if own else None,
                "sense": sense.rss_mb,
                "words": sense.words.rss_mb if sense.words else None,
            },
            "share": hub.share.view(),
            "store": hub.store.health(),
            "camera_to_command_ms": hub.counters.camera_to_command_ms(),
        }

    def moods(self, room: RoomId | None) -> dict[str, Any]:
        """Return the snapshot behind the live view, of one room or of all."""
        rooms = [room] if room is not None else [RoomId(name) for name in self._hub.settings.rooms]
        return {
            "privacy": self._hub.permission.privacy,
            "sensing": self._senses(),
            "rooms": [self.room(name) for name in rooms],
        }

    def senses(self) -> list[dict[str, Any]]:
        """Return every source and whether it is on: the indicator."""
        return self._senses()

    def drops(self) -> dict[str, int]:
        """Return everything that any queue has lost, by queue."""
        hub = self._hub
        drops = {f"bus.{name}": count for name, count in hub.bus.drops().items()}
        drops |= {f"sense.{name}": count for name, count in hub.link.stats().drops.items()}
        drops["act.replaced"] = hub.actor.replaced
        drops |= hub.share.drops()
        drops |= {f"store.{name}": count for name, count in hub.store.drops().items()}
        return drops

    def _coalesced(self) -> int:
        """Return how many sensor values, decisions and commands newer ones have replaced."""
        in_drivers = sum(
            getattr(getattr(driver, "stats", None), "coalesced", 0)
            for driver in self._hub.drivers.values()
        )
        return in_drivers + self._hub.actor.replaced + self._hub.dispatcher.overtaken

    def _senses(self) -> list[dict[str, Any]]:
        hub = self._hub
        changes = hub.recent.senses
        shown = []
        for source in [*configured(hub.settings).values(), *_wearables(hub.settings)]:
            change = changes.get(source.id)
            state = change.state if change else SenseState.OFF
            shown.append(
                {
                    "source": source.id,
                    "room": source.room,
                    "sense": source.sense.value,
                    "state": state.value,
                    "reason": change.reason if change else "",
                    "allowed": hub.permission.is_allowed(source.id),
                    "simulated": hub.permission.is_simulated(source.id),
                }
            )
        return shown

    def room(self, room: RoomId) -> dict[str, Any]:
        """Return one room's part of the snapshot."""
        hub = self._hub
        mood = hub.moods.current(room)
        return {
            "room": room,
            "name": hub.settings.rooms[room].name or room,
            "mood": None if mood is None else _mood_view(mood.estimate),
            "people": [
                {"person": person, "mood": _mood_view(own.estimate)}
                for person in hub.settings.people
                if (own := hub.moods.current(room, PersonId(person))) is not None
            ],
            "senses": [asdict(voice) for voice in hub.moods.senses(room)],
            "left_alone_until_ms": self._left_alone(room),
            "decisions": [
                self._decision(entry) for entry in hub.recent.decisions(room)[:SHOWN_DECISIONS]
            ],
        }

    def _decision(self, entry: Entry) -> dict[str, Any]:
        event = entry.event
        age = self._hub.clock.monotonic() - event.at
        local = self._hub.clock.local().timestamp() - age
        time = self._hub.clock.local().fromtimestamp(local, self._hub.clock.local().tzinfo)
        if isinstance(event, Decision):
            what, because = _goal(event), event.because
        else:
            what, because = Phrase("goal.not", rule=event.rule), _why_held(event)
        return {
            "id": event.id if isinstance(event, Decision) else None,
            "at_ms": round(local * 1000),
            "time": f"{time:%H:%M:%S}",
            "rule": event.rule,
            "what": what,
            "because": because,
            "sooner": self._sooner(event.rule),
            "held": not isinstance(event, Decision),
            "outcomes": list(entry.outcomes),
        }

    def _left_alone(self, room: RoomId) -> int | None:
        until, clock = self._hub.decider.left_alone_until(room), self._hub.clock
        return None if until is None else round((clock.wall() + until - clock.monotonic()) * 1000)

    def _sooner(self, name: str) -> bool | None:
        rule = self._hub.settings.rules.get(name)
        if rule is None or eased(rule) == rule:
            return None
        return self._hub.wishes.more(name)


def _wearables(settings: Settings) -> list[Source]:
    return [
        Source(wearable_id(key), Sense.BODY, RoomId(wearable.room))
        for key, wearable in settings.senses.wearables.items()
    ]


def outcome_view(outcome: Outcome) -> dict[str, Any]:
    """Return a command's outcome as plain data."""
    return {
        "device": outcome.command.device,
        "command": type(outcome.command).__name__,
        "status": outcome.status.value,
        "reason": reason_of(outcome.status, outcome.reason),
        "took_ms": round(outcome.took_ms, 1),
    }


def reason_of(status: Status, reason: str) -> str:
    """Return what a driver said, with what it means for the command."""
    return Phrase(f"outcome.{status.value}", reason=in_words(reason)) if reason else ""


def _mood_view(estimate: MoodEstimate) -> dict[str, Any]:
    return {
        "valence": round(estimate.valence, 3),
        "arousal": round(estimate.arousal, 3),
        "label": estimate.label.value,
        "confidence": round(estimate.confidence, 3),
        "disagreement": round(estimate.disagreement, 3),
        "weights": {sense.value: round(weight, 3) for sense, weight in estimate.weights.items()},
    }


def _why_held(event: Held) -> Phrase:
    return Phrase("because.held", rule=event.rule, why=phrase_or("held", event.guard))


def _goal(decision: Decision) -> Phrase:
    match decision.goal:
        case SceneGoal(scene):
            return Phrase("goal.scene", scene=scene)
        case MusicGoal():
            return Phrase("goal.music")
        case RestoreGoal():
            return Phrase("goal.restore")
