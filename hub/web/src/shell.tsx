import type { ComponentType } from "preact";
import { useState } from "preact/hooks";

import { patch } from "./api";
import { connection, lostAt, moods, refresh, rooms } from "./live";
import { path } from "./route";
import { attempt, Empty, say, Sheet, Switch, ToastPlace } from "./ui/parts";
import { Icon } from "./ui/icons";
import { clock, SENSE_WORDS } from "./words";

export interface Page {
  title: string;
  view: ComponentType;
}

const TABS = [
  { to: "/", name: "now", label: "Now" },
  { to: "/history", name: "history", label: "History" },
  { to: "/rooms", name: "rooms", label: "Rooms" },
  { to: "/music", name: "music", label: "Music" },
  { to: "/privacy", name: "privacy", label: "Privacy" },
];

export function Shell({ pages }: { pages: Record<string, Page> }) {
  const page = pages[path.value];
  return (
    <div class="shell">
      <header class="top">
        <h1>{page?.title ?? "MoodSync"}</h1>
        <Sensing />
        <a class="btn quiet" href="/journal">Journal</a>
      </header>
      <nav class="tabs" aria-label="pages">
        {TABS.map((tab) => (
          <a key={tab.to} href={tab.to} aria-current={path.value === tab.to ? "page" : undefined}>
            <Icon name={tab.name} />
            {tab.label}
          </a>
        ))}
      </nav>
      <main class="main">
        <Away />
        {page ? <page.view /> : <Empty title="There is no such page">Use the tabs to go on.</Empty>}
      </main>
      <ToastPlace />
    </div>
  );
}

function Away() {
  if (connection.value !== "offline") return null;
  return (
    <div class="note" role="status">
      <strong>The hub does not answer{lostAt.value ? ` since ${clock(lostAt.value)}` : ""}.</strong>
      <span>What you see is what was last known. Lights, rules and switches go on without this app.</span>
    </div>
  );
}

/** Which senses are on in which room: always visible, and a tap switches them off. Nobody can hide it. */
function Sensing() {
  const [open, setOpen] = useState(false);
  const sensing = moods.value?.sensing ?? [];
  const live = sensing.filter((source) => source.state === "on" && (source.sense === "face" || source.sense === "voice"));
  const words = [...new Set(live.map((source) => SENSE_WORDS[source.sense] ?? source.sense))];
  const pause = (on: boolean) =>
    attempt(async () => {
      await patch("/privacy", { privacy: on });
      await refresh();
      say(on ? "Cameras and microphones are off." : "Cameras and microphones may be on again.");
    });
  return (
    <>
      <button class={`sensing ${live.length ? "live" : ""}`} onClick={() => setOpen(true)}>
        <span class="dot" aria-hidden="true" />
        {words.length ? words.join(", ") : "not sensing"}
      </button>
      {open && (
        <Sheet title="What is sensed now" close={() => setOpen(false)}>
          <Switch label="Pause cameras and microphones" on={moods.value?.privacy ?? false} change={pause} />
          <ul class="list lined">
            {sensing.map((source) => (
              <li key={source.source}>
                <div class="row between">
                  <span>
                    {SENSE_WORDS[source.sense] ?? source.sense} · {rooms.value.find((room) => room.id === source.room)?.name ?? source.room}
                  </span>
                  <span class="row">
                    {source.simulated && <span class="tag">simulated</span>}
                    <span class="tag">{source.state}</span>
                  </span>
                </div>
                {(source.reason || !source.allowed) && (
                  <p class="small soft">{source.reason || "not everyone concerned has agreed"}</p>
                )}
              </li>
            ))}
          </ul>
        </Sheet>
      )}
    </>
  );
}
