import { parseSync, Visitor } from "vite";
import { describe, expect, it } from "vitest";

/** Attributes that people read or hear. */
const READ = new Set(["title", "label", "aria-label", "aria-valuetext", "placeholder", "alt", "note", "help", "what", "told", "error"]);
/** Calls whose first argument people read. */
const SAID = new Set(["say"]);
/** Names that are the same in every language. */
const NAMES = new Set(["MoodSync", "YAML"]);

interface Node {
  type: string;
  start: number;
  [key: string]: unknown;
}

const wordy = (text: string) => /\p{L}{2}/u.test(text) && !NAMES.has(text.trim());

/** Bare words in a file's JSX and in what it says: each as `line: words`. */
function bare(name: string, source: string): string[] {
  const parsed = parseSync(name, source, { lang: "tsx" });
  expect(parsed.errors, name).toEqual([]);
  const found: string[] = [];
  const note = (node: Node, text: string) => found.push(`${name}:${source.slice(0, node.start).split("\n").length}: ${text.trim()}`);
  const look = (node: Node | null | undefined): void => {
    if (!node) return;
    if (node.type === "Literal" && typeof node.value === "string" && wordy(node.value)) note(node, node.value);
    if (node.type === "TemplateLiteral") {
      for (const part of node.quasis as (Node & { value: { cooked: string } })[]) if (wordy(part.value.cooked)) note(part, part.value.cooked);
    }
    if (node.type === "ConditionalExpression") [node.consequent, node.alternate].forEach((one) => look(one as Node));
    if (node.type === "LogicalExpression") [node.left, node.right].forEach((one) => look(one as Node));
  };
  new Visitor({
    JSXText: (node) => {
      if (wordy(node.value)) note(node as unknown as Node, node.value);
    },
    JSXAttribute: (node) => {
      const value = node.value as unknown as Node | null;
      if (READ.has(String(node.name.name))) look(value?.type === "JSXExpressionContainer" ? (value.expression as Node) : value);
    },
    JSXElement: (node) => {
      for (const child of node.children as unknown as Node[]) if (child.type === "JSXExpressionContainer") look(child.expression as Node);
    },
    CallExpression: (node) => {
      const callee = node.callee as unknown as Node;
      if (callee.type === "Identifier" && SAID.has(String(callee.name))) look(node.arguments[0] as unknown as Node);
    },
  }).visit(parsed.program);
  return found;
}

describe("words that people read", () => {
  const files = Object.entries(import.meta.glob<string>(["../src/**/*.{ts,tsx}", "!../src/i18n/**"], { query: "?raw", import: "default", eager: true }));
  it("come from the catalogue, on every page", () => {
    expect(files.length).toBeGreaterThan(40);
    expect(files.flatMap(([name, source]) => bare(name, source))).toEqual([]);
  });
  it("are found where they are bare", () => {
    const page = `
      say("Done it");
      const a = <p title="Over it">Some text {open ? "open now" : <i>{t("key")}</i>} {\`and \${n} more\`}</p>;
      const b = <p class="row" data-x="no words">{t("rules.new")} · {3} %</p>;`;
    expect(bare("page.tsx", page).map((line) => line.replace(/^[^ ]+ /, "")).sort()).toEqual(["Done it", "Over it", "Some text", "and", "more", "open now"]);
  });
});
