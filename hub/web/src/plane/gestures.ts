/** Fingers and wheel on a chart: one finger sideways moves it, two zoom, the page still scrolls up and down. */

import { moved, pinched, zoomed, type View } from "./view";

const WHEEL_STEP = 0.0025;

/** Listen on `on`; returns how to stop. `view` is what is shown, `show` is asked for at most once a frame. */
export function listenTo(on: HTMLElement, view: () => View, show: (view: View) => void): () => void {
  const fingers = new Map<number, number>();
  let wanted: View | null = null;
  let frame = 0;
  const ask = (next: View) => {
    wanted = next;
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (wanted) show(wanted);
      wanted = null;
    });
  };
  const share = (event: MouseEvent) => {
    const box = on.getBoundingClientRect();
    return (event.clientX - box.left) / box.width;
  };
  const now = () => wanted ?? view();
  const down = (event: PointerEvent) => {
    if (event.pointerType === "mouse" || fingers.size === 2) return;
    fingers.set(event.pointerId, share(event));
    on.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    const before = fingers.get(event.pointerId);
    if (before === undefined) return;
    const after = share(event);
    fingers.set(event.pointerId, after);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    ask(other === undefined ? moved(now(), before - after) : pinched(now(), [before, other], [after, other]));
  };
  const up = (event: PointerEvent) => fingers.delete(event.pointerId);
  const wheel = (event: WheelEvent) => {
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey) ask(zoomed(now(), Math.exp(event.deltaY * WHEEL_STEP * 4), share(event)));
    else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) ask(moved(now(), sideways * WHEEL_STEP));
    else return;
    event.preventDefault();
  };
  on.addEventListener("pointerdown", down);
  on.addEventListener("pointermove", move);
  on.addEventListener("pointerup", up);
  on.addEventListener("pointercancel", up);
  on.addEventListener("wheel", wheel, { passive: false });
  return () => {
    cancelAnimationFrame(frame);
    on.removeEventListener("pointerdown", down);
    on.removeEventListener("pointermove", move);
    on.removeEventListener("pointerup", up);
    on.removeEventListener("pointercancel", up);
    on.removeEventListener("wheel", wheel);
  };
}
