/** Names for parts of the plane: what people choose instead of numbers. */

import type { Music, Region, Span } from "./rule";

/** Edges are those of docs/rules.md's examples: beyond the middle, so that a rule does not flicker. */
export const REGIONS = {
  tense: { valence: [-1, -0.2], arousal: [0.1, 1] },
  low: { valence: [-1, -0.2], arousal: [-1, 0.1] },
  unpleasant: { valence: [-1, -0.2] },
  lively: { valence: [0.2, 1], arousal: [0.1, 1] },
  content: { valence: [0.2, 1], arousal: [-1, 0.1] },
  pleasant: { valence: [0.2, 1] },
  restless: { arousal: [0.3, 1] },
  drowsy: { arousal: [-1, -0.3] },
} as const satisfies Record<string, { valence?: Span; arousal?: Span }>;

export type RegionName = keyof typeof REGIONS;
export const REGION_NAMES = Object.keys(REGIONS) as RegionName[];

/** A chosen mood: a named region, labels as `is:sadness,fear`, `any`, or `own` for other numbers. */
export function choiceOf(region: Region): string {
  if (region.labels?.length) return region.valence || region.arousal ? "own" : `is:${region.labels.join(",")}`;
  if (!region.valence && !region.arousal) return "any";
  const found = REGION_NAMES.find((name) => {
    const known: { valence?: Span; arousal?: Span } = { ...REGIONS[name] } as never;
    return same(known.valence, region.valence) && same(known.arousal, region.arousal);
  });
  return found ?? "own";
}

/** The region of a choice; the confidence that was asked for stays. */
export function regionOf(choice: string, before: Region): Region {
  const sure = before.confidence === undefined ? {} : { confidence: before.confidence };
  if (choice.startsWith("is:")) return { labels: choice.slice(3).split(","), ...sure };
  if (choice === "any") return sure;
  if (choice === "own") return { valence: before.valence ?? [-1, 1], arousal: before.arousal ?? [-1, 1], ...labels(before), ...sure };
  return { ...(REGIONS[choice as RegionName] as { valence?: Span; arousal?: Span }), ...sure };
}

export const MUSIC = {
  calm: { valence: 0.4, energy: -0.5 },
  gentle: { valence: 0.3, energy: -0.2 },
  bright: { valence: 0.6, energy: 0.1 },
  lively: { valence: 0.7, energy: 0.4 },
  sleep: { valence: 0.2, energy: -0.9 },
} as const;

export type MusicName = keyof typeof MUSIC;
export const MUSIC_NAMES = Object.keys(MUSIC) as MusicName[];

/** The named music that lies where this does; `own` for another point. */
export function musicName(music: Music): MusicName | "own" {
  return MUSIC_NAMES.find((name) => MUSIC[name].valence === music.valence && MUSIC[name].energy === music.energy) ?? "own";
}

function same(one: Span | undefined, other: Span | undefined): boolean {
  return one === other || (!!one && !!other && one[0] === other[0] && one[1] === other[1]);
}

function labels(region: Region): { labels?: string[] } {
  return region.labels?.length ? { labels: region.labels } : {};
}
