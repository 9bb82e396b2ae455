/** Shows a scene in a room while it is edited, and puts the room back afterwards. */

import { post } from "../api";
import type { Outcome } from "../types";
import type { Scene } from "./scene";

const REST_MS = 300;

/** One editor's previews: the newest wish is sent when the one before was answered. */
export class Preview {
  private room: string | null = null;
  private wanted: Scene | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy: Promise<void> = Promise.resolve();

  /** `tell` is given what came of each, an error where it did not reach the hub. */
  constructor(private readonly tell: (outcomes: readonly Outcome[] | Error) => void) {}

  /** Show a scene in a room once it rests; another room than before is put back first. */
  show(room: string, scene: Scene): void {
    if (this.room && this.room !== room) void this.end();
    this.room = room;
    this.wanted = scene;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.queue(() => this.send()), REST_MS);
  }

  /** Put the room back, if anything was shown; also when the page is closed meanwhile. */
  end(): Promise<void> {
    clearTimeout(this.timer);
    const { room } = this;
    this.room = this.wanted = null;
    if (!room) return this.busy;
    return this.queue(async () => void (await post("/scene-previews/end", { room }, { keepalive: true })));
  }

  private async send(): Promise<void> {
    const [scene, room] = [this.wanted, this.room];
    this.wanted = null;
    if (!scene || !room) return;
    const { name: _, ...shown } = scene;
    const { outcomes } = await post<{ outcomes: Outcome[] }>("/scene-previews", { room, scene: shown });
    if (this.room === room) this.tell(outcomes);
  }

  private queue(work: () => Promise<void>): Promise<void> {
    this.busy = this.busy.then(work).catch((err: unknown) => this.tell(err instanceof Error ? err : new Error(String(err))));
    return this.busy;
  }
}
