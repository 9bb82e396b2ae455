/** Line icons of the app, drawn on 24 x 24. */
const PATHS: Record<string, string> = {
  now: "M12 3v3M12 18v3M3 12h3M18 12h3M12 8.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z",
  history: "M3 17c3 0 3-8 6-8s3 6 6 6 3-10 6-10M3 21h18",
  rooms: "M4 11.5 12 4l8 7.5V20h-5.5v-5h-5v5H4Z",
  music: "M9 18V5.5l11-2V16M9 18a3 2.5 0 1 1-6 0 3 2.5 0 0 1 6 0ZM20 16a3 2.5 0 1 1-6 0 3 2.5 0 0 1 6 0Z",
  face: "M4 8.5h3l1.5-2.5h7L17 8.5h3V19H4ZM12 10a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z",
  voice: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3ZM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21",
  down: "m7 10 5 5 5-5",
  menu: "M4 7h16M4 12h16M4 17h16",
  privacy: "M12 3 5 6v5.5c0 4.5 3 7.6 7 9.5 4-1.9 7-5 7-9.5V6ZM9.5 12l2 2 3.5-4",
};

export function Icon({ name }: { name: string }) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={PATHS[name] ?? ""} />
    </svg>
  );
}
