"""scenes: apply, put back, and edit. Edits go to the overlay."""

from typing import Any

from pydantic import Field

from hub.api.access import Access
from hub.api.edit import put_entry, remove_entry, version_of
from hub.api.nouns.devices import Outcomes
from hub.api.problem import Problem
from hub.api.route import Body, Call, Reply, Route, Shape
from hub.phrase import Phrase
from hub.settings import LightPart, Scene


class SceneShape(Shape):
    """A scene as it stands in the configuration."""

    id: str
    scene: dict[str, Any]
    etag: str


class Scenes(Shape):
    """Every scene."""

    scenes: list[SceneShape]


class Where(Body):
    """In which room."""

    room: str = Field(max_length=40)


class SaveNow(Body):
    """A scene made of what is on now."""

    room: str = Field(max_length=40)
    name: str = Field(default="", max_length=60)


async def list_scenes(call: Call) -> dict[str, Any]:
    """Every scene."""
    return {"scenes": [_scene(call, name) for name in call.context.hub.settings.scenes]}


async def get_scene(call: Call) -> Reply:
    """One scene."""
    shown = _scene(call, call.path["scene"])
    return Reply(shown, etag=shown["etag"])


async def put_scene(call: Call) -> Reply:
    """Add or change a scene; needs If-Match when it exists."""
    await put_entry(call, "scenes", call.path["scene"], call.sent(Scene))
    shown = _scene(call, call.path["scene"])
    return Reply(shown, etag=shown["etag"])


async def delete_scene(call: Call) -> None:
    """Remove a scene that no rule uses."""
    await remove_entry(call, "scenes", call.path["scene"])


async def apply_scene(call: Call) -> dict[str, Any]:
    """Bring a scene into a room now, by hand."""
    return await call.context.operations(call.identity.by).ask(
        "scene", room=call.sent(Where).room, scene=call.path["scene"]
    )


async def restore_scene(call: Call) -> dict[str, Any]:
    """Put back what was before automation changed a room: undo."""
    return await call.context.operations(call.identity.by).ask(
        "scene", room=call.sent(Where).room, restore=True
    )


async def save_scene(call: Call) -> Reply:
    """Make a scene of what the room's lights and thermostats are now."""
    sent = call.sent(SaveNow)
    hub = call.context.hub
    if sent.room not in hub.settings.rooms:
        raise Problem(404, "unknown_room", Phrase("refused.no_room", name=sent.room))
    lights: dict[str, LightPart] = {}
    target = None
    for device in hub.devices.all():
        state = device.state
        if device.room != sent.room:
            continue
        if state.target_c is not None:
            target = state.target_c
        if state.on is not None and (state.level is not None or state.kelvin is not None):
            lights[device.id] = LightPart(
                on=state.on, level=state.level, kelvin=state.kelvin, xy=state.xy
            )
    if not lights and target is None:
        raise Problem(409, "conflict", Phrase("refused.nothing_known"))
    scene = Scene(name=sent.name, devices=lights, target_c=target)
    await put_entry(call, "scenes", call.path["scene"], scene)
    shown = _scene(call, call.path["scene"])
    return Reply(shown, etag=shown["etag"])


def _scene(call: Call, name: str) -> dict[str, Any]:
    tag = version_of(call, "scenes", name)
    scene = call.context.hub.settings.scenes[name]
    shown = scene.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"id": name, "scene": shown, "etag": tag}


_SCENE = "/scenes/{scene}"
ROUTES = (
    Route("GET", "/scenes", "Every scene", Access.SEE, list_scenes, answer=Scenes),
    Route("GET", _SCENE, "One scene", Access.SEE, get_scene, answer=SceneShape, etag=True),
    Route(
        *("PUT", _SCENE, "Add or change a scene", Access.ARRANGE, put_scene),
        body=Scene,
        answer=SceneShape,
        etag=True,
    ),
    Route("DELETE", _SCENE, "Remove a scene", Access.ARRANGE, delete_scene, etag=True, status=204),
    Route(
        *("POST", f"{_SCENE}/apply", "Bring it into a room", Access.CONTROL, apply_scene),
        body=Where,
        answer=Outcomes,
        command=True,
    ),
    Route(
        *("POST", "/scenes/restore", "Put back what was before", Access.CONTROL, restore_scene),
        body=Where,
        answer=Outcomes,
        command=True,
    ),
    Route(
        *("POST", f"{_SCENE}/save", "Save what is on now", Access.ARRANGE, save_scene),
        body=SaveNow,
        answer=SceneShape,
        etag=True,
    ),
)
