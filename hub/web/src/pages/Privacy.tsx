import { useState } from "preact/hooks";

import { download, get, post, put } from "../api";
import { moods, refresh } from "../live";
import { pause } from "../sensing";
import { attempt, Problem, say, Sheet, Skeleton, Switch } from "../ui/parts";
import { useLoad } from "../ui/load";
import { ago, SENSE_WORDS } from "../words";

interface Person {
  id: string;
  name: string;
  allows: Record<string, boolean>;
  yours: boolean;
}

interface Audit {
  at_ms: number;
  actor: string;
  action: string;
  detail: string;
}

const MEANS: Record<string, string> = {
  face: "A camera’s pictures are looked at in the hub and thrown away at once. Kept: eight numbers a second on how faces look.",
  voice: "A microphone’s sound is listened to in the hub and thrown away at once. Kept: how speech sounds, never what is said.",
  text: "What you write in the journal is read by a model in the hub. Kept: how it seems, never the words.",
  body: "A heart strap’s beats are used for how rested or aroused you seem. Kept: heart rate and its variation.",
};

/** Consent per person and sense in plain words, and everything that can be taken back. */
export function Privacy() {
  const people = useLoad(() => get<{ people: Person[] }>("/people"));
  const audit = useLoad(() => get<{ entries: Audit[] }>("/privacy/audit").catch(() => ({ entries: [] })));
  const now = moods.value;
  const consent = (person: Person, sense: string, given: boolean) =>
    attempt(async () => {
      await put(`/people/${person.id}/consents/${sense}`, { allowed: given });
      people.again();
      await refresh();
      const undo = { label: "Undo", run: () => void consent(person, sense, !given) };
      say(given ? `${SENSE_WORDS[sense]} allowed.` : `${SENSE_WORDS[sense]} is off for ${person.name}.`, undo);
    });
  return (
    <div class="panes">
      <section class="card">
        <h2>Pause</h2>
        <Switch
          label="Privacy mode"
          note="Every camera and microphone off, at once, until you say otherwise."
          on={now?.privacy ?? false}
          disabled={!now}
          change={pause}
        />
      </section>
      <section class="card">
        <h2>Who has agreed to what</h2>
        <p class="small soft">
          A room’s camera and microphone are on only while everyone who lives there agrees. Nobody at work or at school may be
          sensed: this hub is for homes.
        </p>
        {people.error && <Problem error={people.error} retry={people.again} />}
        {!people.data && !people.error && <Skeleton height={160} />}
        {people.data?.people.map((person) => (
          <div class="list" key={person.id}>
            <h3>{person.name}</h3>
            {Object.entries(MEANS).map(([sense, means]) => (
              <Switch
                key={sense}
                label={SENSE_WORDS[sense] ?? sense}
                note={means}
                on={person.allows[sense] === true}
                disabled={!person.yours}
                change={(given) => consent(person, sense, given)}
              />
            ))}
            <Rights person={person} done={people.again} />
          </div>
        ))}
      </section>
      <section class="card">
        <h2>What leaves this house</h2>
        <p>
          Nothing. No cloud is connected; the hub works without one. Pictures and sound stay in a process that has no network.
        </p>
      </section>
      <section class="card">
        <h2>Who looked at what</h2>
        {audit.data?.entries.length ? (
          <ul class="list lined small">
            {audit.data.entries.slice(0, 20).map((one, index) => (
              <li key={index}>
                <strong>{one.actor}</strong> {one.action} {one.detail} <span class="soft">{ago(one.at_ms, Date.now())}</span>
              </li>
            ))}
          </ul>
        ) : (
          <p class="soft">Nothing to show, or only adults may see it.</p>
        )}
      </section>
    </div>
  );
}

function Rights({ person, done }: { person: Person; done: () => void }) {
  const [erasing, setErasing] = useState(false);
  return (
    <div class="row">
      <button class="btn" onClick={() => attempt(() => download("/privacy/exports", { person: person.id }, `${person.id}.zip`))}>
        Export everything about {person.name}
      </button>
      <button class="btn danger" onClick={() => setErasing(true)}>
        Erase {person.name}…
      </button>
      {erasing && <Erase person={person} close={() => setErasing(false)} done={done} />}
    </div>
  );
}

function Erase({ person, close, done }: { person: Person; close: () => void; done: () => void }) {
  const counted = useLoad(() => post<{ files: Record<string, number> }>("/privacy/counts", { person: person.id }));
  const total = Object.values(counted.data?.files ?? {}).reduce((sum, n) => sum + n, 0);
  const erase = () =>
    attempt(async () => {
      const answer = await post<{ traces: number }>(
        "/privacy/erasures",
        { person: person.id, confirm: person.id },
        { limitMs: 120_000 },
      );
      close();
      done();
      say(answer.traces === 0 ? `${person.name} is erased; nothing is left in the files.` : "Erased, but a trace was found: see the log.");
    });
  return (
    <Sheet title={`Erase ${person.name}`} close={close}>
      {counted.error && <Problem error={counted.error} />}
      <p>
        {counted.data ? `${total} records go, for good` : "Counting what goes…"}: readings, moods, decisions about {person.name},
        consents and corrections. This cannot be undone; export first if you want to keep something.
      </p>
      <div class="row">
        <button class="btn danger" disabled={!counted.data} onClick={erase}>Erase for good</button>
        <button class="btn" onClick={close}>Keep</button>
      </div>
    </Sheet>
  );
}
