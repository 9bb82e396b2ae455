import { command } from "../control";
import { devices } from "../live";
import { Empty } from "../ui/parts";
import { can } from "./Rooms";

/** What plays. Choosing music by mood comes with the music library; this page says so. */
export function Music() {
  const players = (devices.value ?? []).filter((device) => can(device, "audible"));
  if (!players.length) {
    return <Empty title="No player yet">A player of the home shows here once one is configured.</Empty>;
  }
  return (
    <>
      {players.map((player) => (
        <section class="card" key={player.id}>
          <div class="row between">
            <h2>{player.name}</h2>
            {player.simulated && <span class="tag">simulated</span>}
          </div>
          <p>{player.state.playing ?? <span class="soft">Nothing plays.</span>}</p>
          <label class="field">
            <span>Volume</span>
            <input
              type="range"
              min={0}
              max={100}
              value={Math.round((player.state.volume ?? 0) * 100)}
              onChange={(event) => command(player, { volume: Number(event.currentTarget.value) / 100 })}
            />
          </label>
        </section>
      ))}
      <p class="small soft">
        Rules choose a point of the mood plane for music; picking tracks from your library by how they sound is not built yet.
      </p>
    </>
  );
}
