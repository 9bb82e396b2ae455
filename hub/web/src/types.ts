/** What the hub answers, as far as the app uses it. */

export interface Estimate {
  valence: number;
  arousal: number;
  label: string;
  confidence: number;
  disagreement: number;
  weights: Record<string, number>;
}

export interface SenseVoice {
  sense: string;
  source?: string;
  label?: string | null;
  /** Where a face is in its picture: x, y, width, height in 0..1. */
  box?: [number, number, number, number] | null;
  valence: number;
  arousal: number;
  weight?: number;
  age_s?: number;
  quality?: number;
}

export interface Decided {
  id?: number | null;
  time: string;
  rule: string;
  what: string;
  because: string;
  /** Its rule acts sooner because more of it was wished; null where it cannot. */
  sooner?: boolean | null;
  held: boolean;
  outcomes: string[];
}

export interface RoomMood {
  room: string;
  name: string;
  mood: Estimate | null;
  senses: SenseVoice[];
  decisions: Decided[];
  /** Until when no rule acts here, because somebody said “not now” or set something by hand. */
  left_alone_until_ms?: number | null;
}

export interface Sensing {
  source: string;
  room: string;
  sense: string;
  state: string;
  reason: string;
  allowed: boolean;
  simulated: boolean;
}

export interface Moods {
  privacy: boolean;
  sensing: Sensing[];
  rooms: RoomMood[];
}

export interface Capability {
  kind: string;
  [limit: string]: unknown;
}

export interface Device {
  id: string;
  name: string;
  driver: string;
  room: string | null;
  available: boolean;
  simulated: boolean;
  hidden: boolean;
  disabled: boolean;
  capabilities: Capability[];
  state: {
    on: boolean | null;
    level: number | null;
    kelvin: number | null;
    xy: [number, number] | null;
    target_c: number | null;
    playing: string | null;
    volume: number | null;
    values: Record<string, number | boolean | string>;
  };
  info: { manufacturer: string; model: string; version: string; suggested_room: string };
  last_seen_ms: number | null;
}

export interface Outcome {
  device: string;
  command: string;
  status: string;
  reason: string;
  took_ms: number;
}

/** Who this browser's session belongs to, and what it may. */
export interface Me {
  member: { id: string; name: string; role: string; person: string | null };
  session: { id: string; client: string | null };
  access: string[];
}
