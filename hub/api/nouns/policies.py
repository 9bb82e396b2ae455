"""policies: the rules and their limits. Edits go to the overlay; a dry run asks the past."""

import asyncio
from typing import Any

from pydantic import Field

from hub.api.access import Access
from hub.api.answer import check_match, etag_of
from hub.api.edit import put_entry, remove_entry, version_of
from hub.api.nouns.moods import may_look_at
from hub.api.problem import Problem
from hub.api.route import Body, Call, Reply, Route, Shape
from hub.config_rules import contradictions
from hub.decide.replay import Replay, about
from hub.decide.wishes import eased
from hub.edits import read as read_edits
from hub.errors import ConfigError
from hub.errors import Problem as ConfigProblem
from hub.phrase import Phrase
from hub.rule_text import read_rule, write_rule
from hub.settings import Guards, Rule
from hub.store.queries import Where
from hub.store.records import MoodRecord

DAY_MS = 86_400_000
MOST_MOODS = 100_000
PAGE = 10_000
SHOWN = 50


class RuleShape(Shape):
    """A rule as it stands in the configuration; `rule` is a Rule with its defaults left out."""

    id: str
    rule: dict[str, Any]
    sooner: bool
    """It acts sooner than written, because more of it was wished."""
    etag: str


class Rules(Shape):
    """Every rule."""

    policies: list[RuleShape]


class GuardsShape(Shape):
    """Limits that no rule can lift."""

    guards: dict[str, Any]
    etag: str


class DryRun(Body):
    """A rule to ask the past about; it need not be saved."""

    rule: Rule
    name: str | None = Field(default=None, max_length=40)
    """What it is saved as, if it is: "more like this" of that rule counts."""
    days: float = Field(default=7, gt=0, le=31)


class RuleText(Body):
    """A rule as YAML, or as data to be written as YAML: exactly one of them."""

    yaml: str | None = Field(default=None, max_length=20_000)
    rule: Rule | None = None


class RuleProblemShape(Shape):
    """One thing wrong with a rule's text."""

    line: int | None
    key: str
    message: str


class RuleTextAnswer(Shape):
    """Both forms of one rule; where the text is wrong, `rule` is None and `problems` says why."""

    rule: dict[str, Any] | None
    yaml: str
    problems: list[RuleProblemShape]


class WouldShape(Shape):
    """One time it would have acted."""

    at_ms: int
    because: str


class DryRunAnswer(Shape):
    """How often it would have acted, how often a guard would have held it back, and when."""

    acted: int
    held: dict[str, int]
    times: list[WouldShape]
    """The newest; at most 50."""
    since_ms: int
    moods: int
    """How many stored moods were looked at: few of them make a weak answer."""
    whole: bool
    """False where there were more moods than are looked at; then the newest were."""
    wished: bool
    """True where more of the rule is wished, and it was asked about as acting sooner."""


class EditsShape(Shape):
    """What was changed in the app, over the household's own file."""

    edits: dict[str, Any]


async def list_policies(call: Call) -> dict[str, Any]:
    """Every rule."""
    return {"policies": [_rule(call, name) for name in call.context.hub.settings.rules]}


async def get_policy(call: Call) -> Reply:
    """One rule."""
    shown = _rule(call, call.path["policy"])
    return Reply(shown, etag=shown["etag"])


async def put_policy(call: Call) -> Reply:
    """Add or change a rule; needs If-Match when it exists."""
    await put_entry(call, "rules", call.path["policy"], call.sent(Rule))
    shown = _rule(call, call.path["policy"])
    return Reply(shown, etag=shown["etag"])


async def delete_policy(call: Call) -> None:
    """Remove a rule, and what was wished of it: another of its name is another rule."""
    name = call.path["policy"]
    await remove_entry(call, "rules", name)
    await call.context.operations(call.identity.by).wish(name, more=False)


async def drop_wish(call: Call) -> None:
    """Let a rule act as it is written again."""
    name = call.path["policy"]
    version_of(call, "rules", name)
    await call.context.operations(call.identity.by).wish(name, more=False)


async def convert_policy(call: Call) -> dict[str, Any]:
    """Turn a rule's text into data, or its data into text. Nothing is saved."""
    sent = call.sent(RuleText)
    if (sent.yaml is None) == (sent.rule is None):
        raise Problem(422, "invalid", Phrase("refused.yaml_or_rule"))
    if sent.rule is not None:
        return {"rule": plain_rule(sent.rule), "yaml": write_rule(sent.rule), "problems": []}
    text = sent.yaml or ""
    try:
        rule = read_rule(text, call.context.hub.settings)
    except ConfigError as err:
        found = [{"line": p.line, "key": p.key, "message": p.message} for p in err.problems]
        return {"rule": None, "yaml": text, "problems": found}
    return {"rule": plain_rule(rule), "yaml": text, "problems": []}


async def dry_run_policy(call: Call) -> dict[str, Any]:
    """What a rule would have done in the last days, by the real decider on stored history."""
    sent, hub = call.sent(DryRun), call.context.hub
    if sent.rule.when.person is not None:
        may_look_at(call, sent.rule.when.person)  # else a rule would tell what history must not
    wished = sent.name is not None and hub.wishes.more(sent.name)
    rule = eased(sent.rule) if wished else sent.rule
    settings = hub.settings.model_copy(update={"rules": {"dry_run": rule}})
    problems = tuple(ConfigProblem("", None, k, text) for k, text in contradictions(settings))
    if problems:
        raise ConfigError(problems)
    room, _ = about(rule)
    now = round(hub.clock.wall() * 1000)
    since = now - round(sent.days * DAY_MS)
    moods = await _moods(call, room, since)
    events = await hub.store.device_events(Where(since_ms=since, limit=PAGE), fresh=False)
    start = min([since, *(m.at_ms for m in moods), *(e.at_ms for e in events)])
    replay = Replay(hub.settings, rule, start)
    async with call.context.heavy:
        found = await asyncio.to_thread(replay.run, moods, events)
    acted = [one for one in found if not one.guard]
    held: dict[str, int] = {}
    for one in found:
        if one.guard:
            held[one.guard] = held.get(one.guard, 0) + 1
    newest = acted[: -SHOWN - 1 : -1]
    return {
        "acted": len(acted),
        "held": held,
        "times": [{"at_ms": one.at_ms, "because": one.because} for one in newest],
        "since_ms": since,
        "moods": len(moods),
        "whole": len(moods) < MOST_MOODS,
        "wished": wished,
    }


async def get_guards(call: Call) -> Reply:
    """Quiet hours and the other limits."""
    guards = call.context.hub.settings.guards
    tag = etag_of(guards.model_dump_json())
    return Reply({"guards": guards.model_dump(mode="json"), "etag": tag}, etag=tag)


async def put_guards(call: Call) -> Reply:
    """Change the limits; needs If-Match."""
    hub = call.context.hub
    async with hub.edits.lock:
        check_match(call.request, etag_of(hub.settings.guards.model_dump_json()))
        await hub.edits.put_guards(hub.settings, call.sent(Guards), call.identity.by)
    return await get_guards(call)


async def get_edits(call: Call) -> dict[str, Any]:
    """What was changed in the app, over the household's own file."""
    return {"edits": await asyncio.to_thread(read_edits, call.context.hub.edits.path)}


async def undo_edit(call: Call) -> dict[str, Any]:
    """Take the newest change of rooms, scenes, rules or limits back."""
    hub = call.context.hub
    if hub.read_settings is None:
        raise Problem(501, "not_yet", Phrase("refused.no_config_file"))
    who = call.identity
    async with hub.edits.lock:
        # With a person goes that their consent is needed: who may not add one takes none away.
        if hub.edits.undo_touches_people() and not who.may(Access.ADMIN):
            raise Problem(403, "forbidden", Phrase("refused.forbidden", role=who.role.value))
        await hub.edits.undo(hub.read_settings, call.identity.by)
    return await get_edits(call)


async def _moods(call: Call, room: str, since_ms: int) -> list[MoodRecord]:
    store = call.context.hub.store
    found: list[MoodRecord] = []
    before: int | None = None
    while len(found) < MOST_MOODS:
        page = await store.moods(
            Where(room=room, since_ms=since_ms, before_id=before, limit=PAGE), fresh=before is None
        )
        found += page
        if len(page) < PAGE:
            break
        before = min(one.id for one in page)
    return found


def _rule(call: Call, name: str) -> dict[str, Any]:
    tag = version_of(call, "rules", name)
    rule = call.context.hub.settings.rules[name]
    more = call.context.hub.wishes.more(name)
    return {"id": name, "rule": plain_rule(rule), "sooner": more, "etag": tag}


def plain_rule(rule: Rule) -> dict[str, Any]:
    """Return a rule as plain data, defaults left out."""
    return rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)


_RULE = "/policies/{policy}"
ROUTES = (
    Route("GET", "/policies", "Every rule", Access.SEE, list_policies, answer=Rules),
    Route("GET", _RULE, "One rule", Access.SEE, get_policy, answer=RuleShape, etag=True),
    Route(
        *("PUT", _RULE, "Add or change a rule", Access.ARRANGE, put_policy),
        body=Rule,
        answer=RuleShape,
        etag=True,
    ),
    Route("DELETE", _RULE, "Remove a rule", Access.ARRANGE, delete_policy, etag=True, status=204),
    Route(
        *("DELETE", f"{_RULE}/sooner", "Act as written again", Access.SAY, drop_wish), status=204
    ),
    Route(
        *("POST", "/policies/dry-run", "What it would have done", Access.ARRANGE, dry_run_policy),
        body=DryRun,
        answer=DryRunAnswer,
    ),
    Route(
        *("POST", "/policies/text", "A rule as text, and back", Access.ARRANGE, convert_policy),
        body=RuleText,
        answer=RuleTextAnswer,
    ),
    Route("GET", "/guards", "The limits", Access.SEE, get_guards, answer=GuardsShape, etag=True),
    Route(
        *("PUT", "/guards", "Change the limits", Access.ARRANGE, put_guards),
        body=Guards,
        answer=GuardsShape,
        etag=True,
    ),
    Route(
        "GET", "/edits", "What the app has changed", Access.ARRANGE, get_edits, answer=EditsShape
    ),
    Route(
        *("POST", "/edits/undo", "Take the newest change back", Access.ARRANGE, undo_edit),
        answer=EditsShape,
        command=True,
    ),
)
