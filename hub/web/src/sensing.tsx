import { useState } from "preact/hooks";

import { patch } from "./api";
import { t, word } from "./i18n";
import { connection, moods, refresh, rooms } from "./live";
import { Icon } from "./ui/icons";
import { attempt, say, Sheet, Switch } from "./ui/parts";
import { senseWord } from "./words";

/** Which senses are on in which room: always visible, and a tap switches them off. Nobody can hide it. */
export function Sensing() {
  const [open, setOpen] = useState(false);
  const sensing = moods.value?.sensing ?? [];
  const known = connection.value === "home";
  const live = sensing.filter((source) => source.state === "on" && (source.sense === "face" || source.sense === "voice"));
  const words = [...new Set(live.map((source) => senseWord(source.sense)))];
  const told = !known ? t("sensing.unknown") : words.length ? words.join(", ") : t("sensing.none");
  return (
    <>
      <button
        class={`sensing ${known && live.length ? "live" : ""}`}
        aria-haspopup="dialog"
        aria-label={t("sensing.label", { what: told })}
        onClick={() => setOpen(true)}
      >
        <span class="dot" aria-hidden="true" />
        {known && live.length > 0 && [...new Set(live.map((source) => source.sense))].map((sense) => <Icon key={sense} name={sense} />)}
        <span class={`long ${known && live.length ? "said" : ""}`}>{told}</span>
      </button>
      {open && (
        <Sheet title={t("sensing.title")} close={() => setOpen(false)}>
          <Switch label={t("sensing.pause")} on={moods.value?.privacy ?? false} disabled={!known} change={pause} />
          <ul class="list lined">
            {sensing.map((source) => (
              <li key={source.source}>
                <div class="row between">
                  <span>
                    {senseWord(source.sense)} · {rooms.value.find((room) => room.id === source.room)?.name ?? source.room}
                  </span>
                  <span class="row">
                    {source.simulated && <span class="tag">{t("common.simulated")}</span>}
                    <span class="tag">{known ? word("state", source.state) : t("sensing.was", { state: word("state", source.state) })}</span>
                  </span>
                </div>
                {(source.reason || !source.allowed) && (
                  <p class="small soft">{source.reason || t("sensing.notAll")}</p>
                )}
              </li>
            ))}
          </ul>
          {!sensing.length && <p class="soft">{t("sensing.nothing")}</p>}
        </Sheet>
      )}
    </>
  );
}

/** Every camera and microphone off, or allowed again. */
export function pause(on: boolean): Promise<void> {
  return attempt(async () => {
    await patch("/privacy", { privacy: on });
    await refresh();
    say(t(on ? "people.pausedNow" : "people.resumedNow"));
  }).then(() => undefined);
}
