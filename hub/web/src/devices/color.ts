/** Colours between the screen and lamps: hue and saturation to CIE 1931 xy and back (sRGB, IEC 61966-2-1, D65). */

export type Xy = [number, number];

/** `hue` in degrees, `saturation` in 0..1, at full brightness. */
export function xyOf(hue: number, saturation: number): Xy {
  const [r, g, b] = rgbOf(hue, saturation).map(linear) as [number, number, number];
  const x = 0.4124 * r + 0.3576 * g + 0.1805 * b;
  const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const z = 0.0193 * r + 0.1192 * g + 0.9505 * b;
  const sum = x + y + z;
  return [round(x / sum), round(y / sum)];
}

/** Hue and saturation of a lamp's colour; what a screen cannot show is taken to its edge. */
export function hueOf([x, y]: Xy): { hue: number; saturation: number } {
  const X = x / Math.max(y, 1e-6);
  const Z = (1 - x - y) / Math.max(y, 1e-6);
  const rgb = [3.2406 * X - 1.5372 - 0.4986 * Z, -0.9689 * X + 1.8758 + 0.0415 * Z, 0.0557 * X - 0.204 + 1.057 * Z].map((part) => Math.max(0, part));
  const most = Math.max(...rgb, 1e-6);
  const [r, g, b] = rgb.map((part) => companded(part / most)) as [number, number, number];
  const high = Math.max(r, g, b);
  const spread = high - Math.min(r, g, b);
  if (spread < 1e-3) return { hue: 0, saturation: 0 };
  const sector = high === r ? ((g - b) / spread + 6) % 6 : high === g ? (b - r) / spread + 2 : (r - g) / spread + 4;
  return { hue: Math.round(sector * 60) % 360, saturation: round(spread / high) };
}

export function cssOf(hue: number, saturation: number): string {
  return `rgb(${rgbOf(hue, saturation)
    .map((part) => Math.round(part * 255))
    .join(" ")})`;
}

function rgbOf(hue: number, saturation: number): [number, number, number] {
  const part = (n: number) => {
    const k = (n + hue / 60) % 6;
    return 1 - saturation * Math.max(0, Math.min(k, 4 - k, 1));
  };
  return [part(5), part(3), part(1)];
}

function linear(part: number): number {
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function companded(part: number): number {
  return part <= 0.0031308 ? part * 12.92 : 1.055 * part ** (1 / 2.4) - 0.055;
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
