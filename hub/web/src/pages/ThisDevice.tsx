import { useState } from "preact/hooks";

import { remove } from "../api";
import { forget, known } from "../device";
import { isInstalled, offer } from "../install";
import { me } from "../live";
import { waiting } from "../outbox";
import { ability, isTold, tellMe, tellMeNoMore } from "../push";
import { useLoad } from "../ui/load";
import { attempt, say, Sheet, Switch } from "../ui/parts";
import { ago } from "../words";

/** This phone or browser: how it is known, what waits in it, what it is told, and leaving. */
export function ThisDevice() {
  const device = useLoad(async () => (await known()) ?? null);
  return (
    <div class="panes">
      <section class="card">
        <h2>{device.data?.name ?? "This browser"}</h2>
        <p>
          {device.data
            ? `Let in ${ago(device.data.since, Date.now())} as ${me.value?.member.name ?? "a member"}. Its key stays in this browser and cannot be read.`
            : "Its session was opened elsewhere; it has no key of its own here."}
        </p>
        {waiting.value.length > 0 && (
          <>
            <h3>Waits to be sent</h3>
            <ul class="list lined small">
              {waiting.value.map((one) => (
                <li key={one.id}>
                  {one.words} <span class="soft">{ago(one.at, Date.now())}</span>
                </li>
              ))}
            </ul>
          </>
        )}
        <Leave />
      </section>
      <Install />
      <Told />
    </div>
  );
}

function Install() {
  const asked = offer.value;
  return (
    <section class="card">
      <h2>As an app</h2>
      {isInstalled() ? (
        <p>It is installed here.</p>
      ) : asked ? (
        <button class="btn" onClick={() => void asked.prompt().then(() => (offer.value = null))}>Install MoodSync</button>
      ) : (
        <p class="soft">Your browser’s menu can add it to the home screen: “Install app” or “Add to home screen”.</p>
      )}
      <p class="small soft">It opens with the hub off too, and shows what was last known.</p>
    </section>
  );
}

function Told() {
  const told = useLoad(isTold);
  const can = ability();
  const change = (on: boolean) =>
    attempt(async () => {
      if (!on) await tellMeNoMore();
      else if (!(await tellMe())) say("The browser does not allow it: see its settings for this address.");
      told.again();
    });
  return (
    <section class="card">
      <h2>Be told</h2>
      <Switch
        label="When something needs attention"
        note="A message from the hub when a part of it needs you. It says what, never a mood; your browser’s maker passes it on sealed."
        on={told.data === true}
        disabled={can !== "can"}
        change={change}
      />
      {can === "none" && <p class="small soft">This browser cannot. On an iPhone, add the app to the home screen first.</p>}
      {can === "refused" && <p class="small soft">Messages are switched off for this address in the browser’s settings.</p>}
    </section>
  );
}

function Leave() {
  const [asking, ask] = useState(false);
  const leave = async () => {
    const device = await known();
    const mine = device ? `/clients/${device.client}` : `/sessions/${me.value?.session.id ?? ""}`;
    await tellMeNoMore().catch(() => undefined);
    // With the hub away it stays on the hub's list, whose key has gone from here: it opens nothing.
    await remove(mine).catch(() => undefined);
    await forget();
    location.assign("/");
  };
  return (
    <>
      <button class="btn danger" style={{ justifySelf: "start" }} onClick={() => ask(true)}>Take this device out…</button>
      {asking && (
        <Sheet title="Take this device out" close={() => ask(false)}>
          <p>Its key, the last known state and whatever still waits to be sent go from this browser. To come back it must be paired anew.</p>
          <div class="row">
            <button class="btn danger" onClick={leave}>Take it out</button>
            <button class="btn" onClick={() => ask(false)}>Keep it</button>
          </div>
        </Sheet>
      )}
    </>
  );
}
