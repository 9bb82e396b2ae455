/** How far the first steps went on this device: they can be left and taken up again. */

import { signal } from "@preact/signals";

export const STEPS = ["name", "what", "not", "senses", "light", "rule", "phone"] as const;
export type Step = (typeof STEPS)[number];

const KEPT = "moodsync.welcome";
const DONE = "done";

/** Where to go on: a step, or `done`; the first step where nothing is kept. */
export const progress = signal<Step | typeof DONE>(read());

export function goOn(from: Step): void {
  keep(STEPS[STEPS.indexOf(from) + 1] ?? DONE);
}

export function goBack(from: Step): void {
  keep(STEPS[Math.max(0, STEPS.indexOf(from) - 1)]!);
}

export function finish(): void {
  keep(DONE);
}

export function beginAgain(): void {
  keep(STEPS[0]);
}

export function stepOf(kept: string | null): Step | typeof DONE {
  return kept === DONE || STEPS.includes(kept as Step) ? (kept as Step | typeof DONE) : STEPS[0];
}

function read(): Step | typeof DONE {
  try {
    return stepOf(localStorage.getItem(KEPT));
  } catch {
    return STEPS[0];
  }
}

function keep(now: Step | typeof DONE): void {
  progress.value = now;
  try {
    localStorage.setItem(KEPT, now);
  } catch {
    // A browser that keeps nothing begins anew the next time.
  }
}
