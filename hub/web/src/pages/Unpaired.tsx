import { Empty } from "../ui/parts";

/** What a device sees that the hub does not know. */
export function Unpaired() {
  return (
    <main class="main">
      <Empty title="This device is not paired">
        Only devices that somebody let in can see this home. Pairing is opened on the hub itself, with
        “moodsync pair”; docs/api.md says how a device goes on from there.
      </Empty>
    </main>
  );
}
