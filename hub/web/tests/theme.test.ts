import { expect, test } from "vitest";

import theme from "../src/theme.css?raw";

test("no selector is given a layout twice: a second use of a name would change the first", () => {
  const css = theme.replace(/\/\*[\s\S]*?\*\//g, "");
  const laidOut = new Map<string, number>();
  let depth = 0;
  let head = "";
  let body = "";
  for (const char of css) {
    if (char === "{") {
      depth += 1;
      if (depth === 1) continue;
    }
    if (char === "}") {
      depth -= 1;
      if (depth === 0) {
        if (!head.trim().startsWith("@") && /display:/.test(body))
          for (const one of head.split(",")) laidOut.set(one.trim(), (laidOut.get(one.trim()) ?? 0) + 1);
        head = body = "";
        continue;
      }
    }
    if (depth === 0) head += char;
    else body += char;
  }
  expect(laidOut.size).toBeGreaterThan(20);
  expect([...laidOut].filter(([, times]) => times > 1).map(([name]) => name)).toEqual([]);
});
