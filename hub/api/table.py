"""Every route of the API: what is served, documented and tested."""

from hub.api import events
from hub.api.nouns import (
    backups,
    config,
    decisions,
    devices,
    discoveries,
    factors,
    feedback,
    hooks,
    moods,
    music,
    pairing,
    people,
    policies,
    privacy,
    push,
    retention,
    rooms,
    scene_previews,
    scenes,
    senses,
    sessions,
    sharing,
    status,
    system,
)
from hub.api.route import Route

DESCRIPTION = """\
The hub of one home. Errors are RFC 9457 problem details. Commands take an `Idempotency-Key`; what
can be edited has an `ETag` and needs `If-Match`. Lists are newest first; `next` is the cursor of
the page after. Times named `*_ms` are milliseconds since 1970 UTC. `x-access` is what a route
needs; which role has it stands in `docs/api.md`. Live updates: WebSocket at `/api/v1/events`.
"""

TAGS = {
    "status": "The house at a glance",
    "rooms": "Rooms",
    "people": "Those who live here, and what each allows",
    "senses": "What senses, and whether it is on",
    "moods": "Moods now, in the past, and rolled up",
    "feedback": "Journal, and telling whether the house was right",
    "devices": "Devices and their networks",
    "scenes": "Light, music and climate together",
    "scene-previews": "A scene before it is saved",
    "policies": "Rules and their limits",
    "decisions": "What the house did and why",
    "music": "Music",
    "privacy": "Privacy mode, guests, export, erase, audit",
    "guards": "Limits that no rule can lift",
    "held": "What was left undone",
    "edits": "What the app has changed",
    "networks": "What networks let people do",
    "clients": "Paired devices",
    "members": "Who may use the app",
    "sessions": "Devices and scripts that are let in",
    "factors": "An owner's second factor",
    "pairing": "Letting a device in",
    "sharing": "What leaves the hub",
    "hooks": "What those who know a secret may ask",
    "discoveries": "What could be added",
    "push": "Being told while the app is closed",
    "system": "Health, log, configuration, backups",
    "events": "Live updates",
}

ROUTES: tuple[Route, ...] = (
    *status.ROUTES,
    *rooms.ROUTES,
    *people.ROUTES,
    *senses.ROUTES,
    *moods.ROUTES,
    *feedback.ROUTES,
    *devices.ROUTES,
    *discoveries.ROUTES,
    *scenes.ROUTES,
    *scene_previews.ROUTES,
    *policies.ROUTES,
    *decisions.ROUTES,
    *music.ROUTES,
    *privacy.ROUTES,
    *retention.ROUTES,
    *sharing.ROUTES,
    *hooks.ROUTES,
    *push.ROUTES,
    *system.ROUTES,
    *config.ROUTES,
    *backups.ROUTES,
    *events.ROUTES,
    *pairing.ROUTES,
    *sessions.ROUTES,
    *factors.ROUTES,
)
