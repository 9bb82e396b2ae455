import { t } from "../i18n";
import { placeOnPlane } from "../words";

/** A mood on the plane: valence and arousal in [-1, 1], confidence in [0, 1]. */
export interface Point {
  valence: number;
  arousal: number;
  confidence: number;
}

export interface Track {
  name: string;
  now: Point | null;
  /** The last half hour, oldest first. */
  trail: readonly Point[];
}

const WIDTH = 400;
const HEIGHT = 300;
const EDGE = 18;

/** Where a point is drawn; the plane keeps a margin so that no halo is cut off. */
export function place(point: { valence: number; arousal: number }): [number, number] {
  const clip = (value: number) => Math.max(-1, Math.min(1, value));
  const x = EDGE + ((clip(point.valence) + 1) / 2) * (WIDTH - 2 * EDGE);
  const y = EDGE + ((1 - clip(point.arousal)) / 2) * (HEIGHT - 2 * EDGE);
  return [x, y];
}

/** Doubt as the halo's radius: a sure reading is a small one. */
export function haloRadius(confidence: number): number {
  return 14 + 46 * (1 - Math.max(0, Math.min(1, confidence)));
}

/** Valence across, arousal up; the present as a dot, doubt as its halo, the past as a fading trail. */
export function MoodPlane({ tracks }: { tracks: readonly Track[] }) {
  const told = tracks
    .filter((track) => track.now)
    .map((track) => `${track.name}: ${placeOnPlane(track.now!.valence, track.now!.arousal)}`);
  return (
    <svg class="plane" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={told.join("; ") || t("plane.none")}>
      <defs>
        <Corner id="tense" x={0} y={0} />
        <Corner id="excited" x={1} y={0} />
        <Corner id="low" x={0} y={1} />
        <Corner id="relaxed" x={1} y={1} />
      </defs>
      <rect width={WIDTH} height={HEIGHT} fill="var(--bg)" />
      {["tense", "excited", "low", "relaxed"].map((id) => (
        <rect key={id} width={WIDTH} height={HEIGHT} fill={`url(#plane-${id})`} />
      ))}
      <path d={`M${EDGE} ${HEIGHT / 2}H${WIDTH - EDGE}M${WIDTH / 2} ${EDGE}V${HEIGHT - EDGE}`} stroke="var(--plane-text)" opacity="0.18" />
      <text x={12} y={24}>{t("corner.tense")}</text>
      <text x={WIDTH - 12} y={24} text-anchor="end">{t("corner.excited")}</text>
      <text x={12} y={HEIGHT - 12}>{t("corner.low")}</text>
      <text x={WIDTH - 12} y={HEIGHT - 12} text-anchor="end">{t("corner.relaxed")}</text>
      {tracks.map((track, index) => (
        <Trail key={track.name} track={track} colour={`var(--person-${index % 4})`} shape={index % 4} />
      ))}
    </svg>
  );
}

function Corner({ id, x, y }: { id: string; x: number; y: number }) {
  return (
    <radialGradient id={`plane-${id}`} cx={x} cy={y} r="0.95">
      <stop offset="0" stop-color={`var(--${id})`} />
      <stop offset="1" stop-color={`var(--${id})`} stop-opacity="0" />
    </radialGradient>
  );
}

function Trail({ track, colour, shape }: { track: Track; colour: string; shape: number }) {
  const count = track.trail.length;
  const dots = track.trail.map((point, index) => {
    const [x, y] = place(point);
    return <circle key={index} cx={x} cy={y} r={2.5} fill={colour} opacity={0.08 + (0.5 * (index + 1)) / count} />;
  });
  if (!track.now) return <g>{dots}</g>;
  const [x, y] = place(track.now);
  return (
    <g>
      {dots}
      <g class="move" style={{ transform: `translate(${x}px, ${y}px)` }}>
        <circle r={haloRadius(track.now.confidence)} fill={colour} opacity="0.16" />
        <Mark shape={shape} colour={colour} />
      </g>
    </g>
  );
}

/** People are told apart by shape as well as by colour. */
function Mark({ shape, colour }: { shape: number; colour: string }) {
  const style = { fill: colour, stroke: "var(--surface)", "stroke-width": 3 };
  switch (shape) {
    case 1:
      return <rect x={-9} y={-9} width={18} height={18} rx={3} {...style} />;
    case 2:
      return <path d="M0 -12 11 8H-11Z" {...style} />;
    case 3:
      return <path d="M0 -12 12 0 0 12 -12 0Z" {...style} />;
    default:
      return <circle r={10} {...style} />;
  }
}
