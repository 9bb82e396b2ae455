import { command } from "../control";
import { number, t } from "../i18n";
import type { Capability, Device } from "../types";
import { Switch } from "../ui/parts";
import { HUES, Slide, WARM_TO_COLD } from "../ui/Slide";
import { percent } from "../words";
import { cssOf, hueOf, xyOf } from "./color";

export function can(device: Device, kind: string): Capability | undefined {
  return device.capabilities.find((capability) => capability.kind === kind);
}

/** Everything a device takes. */
export function Controls({ device }: { device: Device }) {
  const { state } = device;
  const tunes = can(device, "tunable");
  const heats = can(device, "heats");
  const share = (value: number) => percent(value / 100);
  const any = ["switchable", "dimmable", "tunable", "colorful", "heats", "audible", "blows", "covers", "presses"].some((kind) => can(device, kind));
  if (!any) return <p class="soft">{t("control.nothing")}</p>;
  return (
    <div class="list">
      {can(device, "switchable") && <Switch label={t("control.on")} on={state.on === true} disabled={!device.available} change={(on) => command(device, { on })} />}
      {can(device, "dimmable") && (
        <Slide label={t("control.level")} min={1} max={100} value={Math.round((state.level ?? 0) * 100)} say={share} change={(level) => command(device, { level: level / 100 })} />
      )}
      {tunes && (
        <Slide
          label={t("control.white")}
          min={Number(tunes.min_kelvin)}
          max={Number(tunes.max_kelvin)}
          step={50}
          value={state.kelvin ?? Number(tunes.min_kelvin)}
          say={(kelvin) => `${number(kelvin)} K`}
          track={WARM_TO_COLD}
          change={(kelvin) => command(device, { kelvin })}
        />
      )}
      {can(device, "colorful") && <Color xy={state.xy} change={(xy) => command(device, { xy })} />}
      {heats && (
        <Slide
          label={t("control.target")}
          min={Math.max(5, Number(heats.min_c))}
          max={Math.min(30, Number(heats.max_c))}
          step={Number(heats.step_c) || 0.5}
          value={state.target_c ?? 20}
          say={(target) => `${number(target, 1)} °C`}
          change={(target) => command(device, { target })}
        />
      )}
      {can(device, "audible") && (
        <Slide label={t("control.volume")} min={0} max={100} value={Math.round((state.volume ?? 0) * 100)} say={share} change={(volume) => command(device, { volume: volume / 100 })} />
      )}
      {can(device, "blows") && (
        <Slide label={t("control.fan")} min={0} max={100} value={Math.round(Number(state.values.speed ?? 0) * 100)} say={share} change={(speed) => command(device, { speed: speed / 100 })} />
      )}
      {can(device, "covers") && (
        <Slide label={t("control.cover")} min={0} max={100} value={Math.round(Number(state.values.position ?? 0) * 100)} say={share} change={(position) => command(device, { position: position / 100 })} />
      )}
      {can(device, "presses") && (
        <button class="btn" onClick={() => command(device, { press: true })}>
          {t("control.press")}
        </button>
      )}
    </div>
  );
}

/** A colour by hue and strength. */
export function Color({ xy, change }: { xy: [number, number] | null; change: (xy: [number, number]) => void }) {
  const { hue, saturation } = xy ? hueOf(xy) : { hue: 30, saturation: 0 };
  return (
    <div class="list">
      <Slide label={t("control.hue")} min={0} max={359} value={hue} say={(degrees) => `${degrees}°`} track={HUES} change={(next) => change(xyOf(next, saturation || 1))} />
      <Slide
        label={t("control.saturation")}
        min={0}
        max={100}
        value={Math.round(saturation * 100)}
        say={(share) => percent(share / 100)}
        track={`linear-gradient(to right, #fff, ${cssOf(hue, 1)})`}
        change={(next) => change(xyOf(hue, next / 100))}
      />
    </div>
  );
}
