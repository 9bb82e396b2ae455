/** The app's way of speaking about moods: "seems", never "is"; doubt in words before numbers. */

const ADJECTIVES: Record<string, string> = {
  anger: "tense",
  contempt: "put off",
  disgust: "put off",
  fear: "uneasy",
  happiness: "content",
  neutral: "calm",
  sadness: "low",
  surprise: "surprised",
};

export const EMOTIONS = Object.keys(ADJECTIVES);

/** "seems content"; a label that is not known reads as itself. */
export function seems(label: string): string {
  return `seems ${adjective(label)}`;
}

export function adjective(label: string): string {
  return ADJECTIVES[label] ?? label;
}

/** A confidence in words, as the hub says it (hub/words.py). */
export function howSure(confidence: number): string {
  if (confidence >= 0.8) return "very sure";
  if (confidence >= 0.6) return "fairly sure";
  if (confidence >= 0.4) return "a guess";
  return "barely a guess";
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** How long ago, in the words people use; `now` and `then` are milliseconds. */
export function ago(then: number, now: number): string {
  const minutes = Math.floor((now - then) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  return days === 1 ? "yesterday" : `${days} days ago`;
}

export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export const SENSE_WORDS: Record<string, string> = {
  face: "camera",
  voice: "microphone",
  text: "journal",
  body: "heart strap",
  context: "time and place",
};

/** Where a point of the plane lies, for people who do not see it. */
export function placeOnPlane(valence: number, arousal: number): string {
  const side = valence > 0.15 ? "pleasant" : valence < -0.15 ? "unpleasant" : "neutral";
  const energy = arousal > 0.15 ? "energetic" : arousal < -0.15 ? "quiet" : "of middle energy";
  return `${side} and ${energy}`;
}
