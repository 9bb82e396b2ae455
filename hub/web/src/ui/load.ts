import { useCallback, useEffect, useState } from "preact/hooks";

import { ApiError } from "../api";
import { t } from "../i18n";

export interface Loaded<T> {
  data: T | null;
  error: ApiError | null;
  again: () => void;
  set: (data: T) => void;
}

/** Load something when the component shows, and anew when `keys` change; the old stays meanwhile. */
export function useLoad<T>(load: () => Promise<T>, keys: readonly unknown[] = []): Loaded<T> {
  const [data, set] = useState<T | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let there = true;
    load().then(
      (loaded) => there && (set(loaded), setError(null)),
      (err: unknown) => there && setError(asError(err)),
    );
    return () => {
      there = false;
    };
  }, [...keys, turn]);
  return { data, error, again: useCallback(() => setTurn((n) => n + 1), []), set };
}

export function asError(err: unknown): ApiError {
  return err instanceof ApiError ? err : new ApiError(-1, "app", t("common.broken"), String(err));
}
