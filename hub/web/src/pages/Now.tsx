import { useEffect, useRef, useState } from "preact/hooks";

import { post, remove } from "../api";
import { t, word } from "../i18n";
import { lostAt, moods, stale, trails } from "../live";
import { later } from "../outbox";
import { MoodPlane } from "../plane/MoodPlane";
import type { Decided, RoomMood } from "../types";
import { attempt, Empty, say, Sheet, Skeleton, Weight } from "../ui/parts";
import { EMOTIONS, adjective, clock, howSure, percent, seems, senseWord } from "../words";

/** Five seconds must answer: how are we, what did the house do, is it listening? */
export function Now() {
  const now = moods.value;
  if (!now) {
    return (
      <div class="panes">
        <Skeleton height={360} />
        <Skeleton height={240} />
      </div>
    );
  }
  if (!now.rooms.length) {
    return (
      <Empty title={t("now.noRoom")}>{t("now.noRoomText")}</Empty>
    );
  }
  return (
    <>
      {now.rooms.map((room) => (
        <Room key={room.room} room={room} paused={now.privacy} />
      ))}
    </>
  );
}

function Room({ room, paused }: { room: RoomMood; paused: boolean }) {
  const mood = room.mood;
  const trail = trails.value[room.room] ?? [];
  return (
    <section class="panes" aria-label={room.name}>
      <div class="card">
        <div class="row between">
          <h2>{room.name}</h2>
          {paused ? <span class="tag">{t("now.paused")}</span> : stale.value && <span class="tag">{t("now.lastKnown")}</span>}
        </div>
        <MoodPlane tracks={[{ name: room.name, now: mood, trail }]} />
        {mood ? (
          <p>
            <strong>{seems(mood.label)}</strong> · <Sure confidence={mood.confidence} />
          </p>
        ) : (
          <p class="soft">
            {t(paused ? "people.pausedNow" : "now.nothing")}
          </p>
        )}
        {mood && <Senses room={room} />}
        {mood && <Feedback room={room} />}
      </div>
      <div class="card">
        <h2>{t("house.did")}</h2>
        <LeftAlone room={room} />
        <Decisions room={room} />
      </div>
    </section>
  );
}

/** Confidence in words; the number on tap. */
function Sure({ confidence }: { confidence: number }) {
  const [number, show] = useState(false);
  return (
    <button class="btn quiet" style={{ padding: "4px 8px" }} onClick={() => show(!number)} aria-pressed={number} title={t("now.showNumber")}>
      {number ? percent(confidence) : howSure(confidence)}
    </button>
  );
}

function Senses({ room }: { room: RoomMood }) {
  const [open, setOpen] = useState(false);
  const weights = Object.entries(room.mood?.weights ?? {}).sort((a, b) => b[1] - a[1]);
  return (
    <>
      <div class="list" style={{ gap: "4px" }}>
        {weights.map(([sense, weight]) => (
          <Weight key={sense} label={senseWord(sense)} share={weight} told={percent(weight)} />
        ))}
      </div>
      <button class="btn quiet flush" onClick={() => setOpen(true)}>
        {t("now.senses")}
      </button>
      {open && (
        <Sheet title={`${t("now.senses")} · ${room.name}`} close={() => setOpen(false)}>
          <p class="small soft">{t("now.numbersOnly")}</p>
          <ul class="list lined">
            {room.senses.map((one) => (
              <li key={one.sense}>
                <strong>{senseWord(one.sense)}</strong>
                <dl class="small soft" style={{ margin: 0 }}>
                  {Object.entries(one)
                    .filter(([key, value]) => key !== "sense" && typeof value === "number")
                    .map(([key, value]) => (
                      <div class="row between" key={key}>
                        <dt>{word("saying", key, key.replaceAll("_", " "))}</dt>
                        <dd class="num" style={{ margin: 0 }}>{(value as number).toFixed(2)}</dd>
                      </div>
                    ))}
                </dl>
              </li>
            ))}
          </ul>
        </Sheet>
      )}
    </>
  );
}

/** As long as the word with its “Undo” is shown. */
const TAKE_BACK_MS = 8000;

/** Shown as done at once; sent after a moment in which it can be taken back, and kept while the hub is away. */
function Feedback({ room }: { room: RoomMood }) {
  const [asking, ask] = useState(false);
  const [told, tellAbout] = useState<string | null>(null);
  const tell = (verdict: "right" | "wrong", was?: string) =>
    attempt(async () => {
      ask(false);
      const said = verdict === "right" ? t("now.noteRight") : was ? t("now.noteWas", { how: adjective(was) }) : t("now.noteWrong");
      // With the hub away it is about what was last known, however late it arrives.
      const then = stale.value && lostAt.value ? { at_ms: lostAt.value } : {};
      const body = { verdict, room: room.room, ...then, ...(was ? { was } : {}) };
      const takeBack = await later("/feedback/corrections", body, `${room.name}: ${said}`, TAKE_BACK_MS);
      tellAbout(verdict === "right" ? "right" : was ? "was" : "wrong");
      const undo = async () => {
        tellAbout(null);
        say(t((await takeBack()) ? "now.takenBack" : "now.sentAlready"));
      };
      say(t(stale.value ? "now.kept" : "now.noted", { what: said }), { label: t("common.undo"), run: () => void undo() });
    });
  return (
    <div class="row" role="group" aria-label={t("now.ask")}>
      <button class="btn chip" aria-pressed={told === "right"} onClick={() => tell("right")}>{t("now.right")}</button>
      <button class="btn chip" aria-pressed={told === "wrong"} onClick={() => tell("wrong")}>{t("now.wrong")}</button>
      <button class="btn chip" aria-pressed={told === "was"} aria-haspopup="dialog" onClick={() => ask(true)}>{t("now.was")}</button>
      {asking && (
        <Sheet title={t("now.really")} close={() => ask(false)}>
          <div class="row">
            {EMOTIONS.map((emotion) => (
              <button class="btn chip" key={emotion} onClick={() => tell("wrong", emotion)}>
                {adjective(emotion)}
              </button>
            ))}
          </div>
        </Sheet>
      )}
    </div>
  );
}

/** That rules leave this room alone, until when, and the way back. */
function LeftAlone({ room }: { room: RoomMood }) {
  const until = room.left_alone_until_ms ?? 0;
  const [, look] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => look(until), Math.max(0, until - Date.now()) + 100);
    return () => clearTimeout(timer);
  }, [until]);
  if (until <= Date.now()) return null;
  const again = () =>
    attempt(async () => {
      await remove(`/rooms/${room.room}/not-now`);
      say(t("now.againNoted"));
    });
  return (
    <div class="list" role="status">
      <span class="soft num">{t("now.leftAlone", { time: clock(until) })}</span>
      <div>
        <button class="btn" disabled={stale.value} onClick={again}>
          {t("now.again")}
        </button>
      </div>
    </div>
  );
}

function Decisions({ room }: { room: RoomMood }) {
  if (!room.decisions.length) return <p class="soft">{t("now.noDecision")}</p>;
  const newest = room.decisions.find((one) => !one.held);
  return (
    <ul class="list lined">
      {room.decisions.map((decision, index) => (
        <li class="list" key={`${decision.time} ${decision.rule} ${index}`}>
          <Because decision={decision} />
          {decision === newest && <Wishes key={decision.id} room={room} decision={decision} />}
        </li>
      ))}
    </ul>
  );
}

/** What to do about the newest thing that was done: take it back, or tell what was thought of it. */
function Wishes({ room, decision }: { room: RoomMood; decision: Decided }) {
  const [told, tellAbout] = useState<"more" | "not_now" | null>(null);
  const [dropped, drop] = useState(false);
  const unsent = useRef<(() => Promise<boolean>) | null>(null);
  const sooner = told === "more" || (decision.sooner === true && !dropped);
  const putBack = () => post("/scenes/restore", { room: room.room });
  const undo = () =>
    attempt(async () => {
      await putBack();
      say(t("now.putBack"));
    });
  const wish = (verdict: "more" | "not_now") =>
    attempt(async () => {
      if (verdict === "not_now") await putBack();
      const body = { verdict, room: room.room, decision: decision.id };
      const takeBack = await later("/feedback/corrections", body, `${room.name}: ${t(`now.${verdict}`)}`, TAKE_BACK_MS);
      tellAbout(verdict);
      drop(false);
      unsent.current = takeBack;
      const forget = async () => {
        tellAbout(null);
        say(t((await takeBack()) ? "now.takenBack" : "now.sentAlready"));
      };
      say(t(`now.${verdict}Noted`), { label: t("common.undo"), run: () => void forget() });
    });
  const asWritten = () =>
    attempt(async () => {
      if (!(told === "more" && (await unsent.current?.()))) await remove(`/policies/${decision.rule}/sooner`);
      tellAbout(null);
      drop(true);
      say(t("rules.asWrittenNow"));
    });
  return (
    <div class="row chips" role="group" aria-label={t("now.wishes")}>
      <button class="btn chip" disabled={stale.value} onClick={undo}>{t("common.undo")}</button>
      {decision.id != null && (
        <>
          {decision.sooner != null && (
            <button
              class="btn chip"
              aria-pressed={sooner}
              disabled={sooner && stale.value && told !== "more"}
              onClick={() => (sooner ? asWritten() : wish("more"))}
            >
              {t("now.more")}
            </button>
          )}
          <button class="btn chip" aria-pressed={told === "not_now"} disabled={stale.value} onClick={() => wish("not_now")}>{t("now.not_now")}</button>
        </>
      )}
    </div>
  );
}

function Because({ decision }: { decision: Decided }) {
  return (
    <p>
      <span class="num soft">{decision.time.slice(0, 5)}</span>{" "}
      <span class={decision.held ? "soft" : ""}>{decision.because}</span>
    </p>
  );
}
