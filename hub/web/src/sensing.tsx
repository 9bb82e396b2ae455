import { useState } from "preact/hooks";

import { patch } from "./api";
import { connection, moods, refresh, rooms } from "./live";
import { Icon } from "./ui/icons";
import { attempt, say, Sheet, Switch } from "./ui/parts";
import { SENSE_WORDS } from "./words";

/** Which senses are on in which room: always visible, and a tap switches them off. Nobody can hide it. */
export function Sensing() {
  const [open, setOpen] = useState(false);
  const sensing = moods.value?.sensing ?? [];
  const known = connection.value === "home";
  const live = sensing.filter((source) => source.state === "on" && (source.sense === "face" || source.sense === "voice"));
  const words = [...new Set(live.map((source) => SENSE_WORDS[source.sense] ?? source.sense))];
  const told = !known ? "not known" : words.length ? words.join(", ") : "not sensing";
  return (
    <>
      <button
        class={`sensing ${known && live.length ? "live" : ""}`}
        aria-haspopup="dialog"
        aria-label={`sensing: ${told}`}
        onClick={() => setOpen(true)}
      >
        <span class="dot" aria-hidden="true" />
        {known && live.length > 0 && [...new Set(live.map((source) => source.sense))].map((sense) => <Icon key={sense} name={sense} />)}
        <span class={`long ${known && live.length ? "said" : ""}`}>{told}</span>
      </button>
      {open && (
        <Sheet title="What is sensed now" close={() => setOpen(false)}>
          <Switch label="Pause cameras and microphones" on={moods.value?.privacy ?? false} disabled={!known} change={pause} />
          <ul class="list lined">
            {sensing.map((source) => (
              <li key={source.source}>
                <div class="row between">
                  <span>
                    {SENSE_WORDS[source.sense] ?? source.sense} · {rooms.value.find((room) => room.id === source.room)?.name ?? source.room}
                  </span>
                  <span class="row">
                    {source.simulated && <span class="tag">simulated</span>}
                    <span class="tag">{known ? source.state : `was ${source.state}`}</span>
                  </span>
                </div>
                {(source.reason || !source.allowed) && (
                  <p class="small soft">{source.reason || "not everyone concerned has agreed"}</p>
                )}
              </li>
            ))}
          </ul>
          {!sensing.length && <p class="soft">No camera, microphone or strap is set up.</p>}
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
    say(on ? "Cameras and microphones are off." : "Cameras and microphones may be on again.");
  }).then(() => undefined);
}
