import { useState } from "preact/hooks";

import { fill, t } from "../i18n";
import { rooms } from "../live";
import { later, sendOrKeep } from "../outbox";
import { attempt, say } from "../ui/parts";
import { EMOTIONS, adjective, howSure, percent, seems } from "../words";

interface Heard {
  label: string;
  confidence: number;
  quality: number;
  emotions: [string, number][];
  room: string;
}

const LONGEST = 4000;

/** Write or dictate a line and see what the text model made of it. The words are not kept. */
export function Journal() {
  const [text, setText] = useState("");
  const [room, setRoom] = useState("");
  const [heard, setHeard] = useState<Heard | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    await attempt(async () => {
      const answer = await sendOrKeep<Heard>("/feedback/journal", { text, ...(room ? { room } : {}) }, t("journal.line"));
      setHeard(answer);
      setText("");
      if (!answer) say(t("journal.kept"));
    });
    setBusy(false);
  };
  const correct = (was: string) =>
    attempt(async () => {
      await later("/feedback/corrections", { verdict: "wrong", was, room: heard?.room }, t("journal.was", { how: adjective(was) }));
      setHeard(null);
      say(t("now.noted", { what: t("now.noteWas", { how: adjective(was) }) }));
    });
  return (
    <section class="card">
      <h2>{t("page.journal")}</h2>
      <label class="field">
        <span>{t("journal.ask")}</span>
        <textarea value={text} maxLength={LONGEST} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <div class="row">
        {rooms.value.length > 1 && (
          <select aria-label={t("word.room")} style={{ width: "auto" }} value={room} onChange={(e) => setRoom(e.currentTarget.value)}>
            <option value="">{t("journal.anywhere")}</option>
            {rooms.value.map((one) => (
              <option key={one.id} value={one.id}>{one.name}</option>
            ))}
          </select>
        )}
        <button class="btn main" disabled={busy || !text.trim()} onClick={send}>
          {t(busy ? "journal.reading" : "journal.tell")}
        </button>
      </div>
      {heard && (
        <div class="list" aria-live="polite">
          <p>
            {fill("journal.it", { seems: <strong>{seems(heard.label)}</strong> })} · {howSure(heard.confidence)}
            {heard.quality < 0.5 && <span class="soft"> · {t("journal.hard")}</span>}
          </p>
          {heard.emotions.length > 0 && (
            <p class="small soft">{heard.emotions.map(([name, share]) => `${name} ${percent(share)}`).join(", ")}</p>
          )}
          <div class="row" role="group" aria-label={t("journal.rather")}>
            {EMOTIONS.filter((emotion) => emotion !== heard.label).map((emotion) => (
              <button class="btn chip" key={emotion} onClick={() => correct(emotion)}>
                {adjective(emotion)}
              </button>
            ))}
          </div>
        </div>
      )}
    </section>
  );
}
