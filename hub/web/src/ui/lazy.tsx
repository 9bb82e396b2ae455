import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { Problem, Skeleton } from "./parts";
import { asError } from "./load";
import { ApiError } from "../api";

const loaded = new Map<string, ComponentType>();
const RELOADED = "moodsync.reloaded";

/** A page's code, loaded when it is first shown; `name` tells pages apart. */
export function Lazy({ name, load }: { name: string; load: () => Promise<ComponentType> }) {
  const [, shown] = useState(0);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    setError(null);
    if (loaded.has(name)) return;
    let there = true;
    load().then(
      (page) => {
        loaded.set(name, page);
        sessionStorage.removeItem(RELOADED);
        if (there) shown((n) => n + 1);
      },
      (err: unknown) => {
        // After an update of the hub the files of before are gone: the new ones are a reload away.
        if (navigator.onLine && !sessionStorage.getItem(RELOADED)) {
          sessionStorage.setItem(RELOADED, "1");
          location.reload();
        } else if (there) setError(asError(err));
      },
    );
    return () => {
      there = false;
    };
  }, [name]);
  const Page = loaded.get(name);
  if (Page) return <Page />;
  return error ? <Problem error={error} retry={() => location.reload()} /> : <Skeleton height={320} />;
}
