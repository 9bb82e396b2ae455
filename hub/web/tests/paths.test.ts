import { describe, expect, it } from "vitest";

import document from "../../../config/openapi.json";

const sources = import.meta.glob<string>("../src/**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });
const CALL = /\b(get|post|put|patch|remove|download|later|sendOrKeep)(?:<[^()]*?>)?\(\s*(["`])(\/[^"`]*)\2/g;
const METHODS: Record<string, string> = { remove: "delete", download: "post", later: "post", sendOrKeep: "post" };

/** Every call of the API whose path stands in the source: method, path with {} for what is filled in, file. */
function calls(): { method: string; path: string; file: string }[] {
  return Object.entries(sources).flatMap(([file, text]) =>
    [...text.matchAll(CALL)].map(([, name, , path]) => ({
      method: METHODS[name!] ?? name!,
      path: path!.replace(/\$\{[^}]*\}/g, "{}").split("?")[0]!,
      file,
    })),
  );
}

describe("the app", () => {
  it("asks the hub only for what the hub has", () => {
    const has = new Set(
      Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method} ${path.replace("/api/v1", "").replace(/\{\w+\}/g, "{}")}`),
      ),
    );
    const asked = calls();
    expect(asked.length).toBeGreaterThan(15);
    expect(asked.filter(({ method, path }) => !has.has(`${method} ${path}`))).toEqual([]);
  });
});
