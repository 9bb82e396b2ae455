/** What a rule would have done last week, in words. */

import { counted, listed, t, word } from "../i18n";

/** The hub's answer (hub/api/nouns/policies.py). */
export interface DryRun {
  acted: number;
  held: Record<string, number>;
  times: { at_ms: number; because: string }[];
  since_ms: number;
  moods: number;
  whole: boolean;
  wished: boolean;
}

/** Fewer moods than an hour of them make the answer a weak one. */
const FEW = 120;

export interface Told {
  /** The answer in one sentence. */
  main: string;
  /** What to know besides, most important first. */
  notes: string[];
}

/** Say how often it would have acted. `aboutMood` is false for rules that ask no mood. */
export function dryRunWords(found: DryRun, aboutMood: boolean): Told {
  const notes: string[] = [];
  if (aboutMood && found.moods === 0) notes.push(t("dry.nothing"));
  else if (aboutMood && found.moods < FEW) notes.push(t("dry.few", { n: found.moods }));
  const times = Object.values(found.held).reduce((sum, n) => sum + n, 0);
  if (times) {
    const why = Object.entries(found.held)
      .sort(([, a], [, b]) => b - a)
      .map(([guard]) => word("guard", guard));
    notes.push(counted("dry.held", times, { why: listed(why) }));
  }
  if (found.wished) notes.push(t("dry.wished"));
  if (!found.whole) notes.push(t("dry.part"));
  return { main: found.acted ? counted("dry.acted", found.acted) : t("dry.never"), notes };
}
