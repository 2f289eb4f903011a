import { assertEquals, assertRejects } from "@std/assert";
import { createLane, LANE_METHODS } from "../calibrate/stream/lane.ts";
import { type Lanes, openLanes } from "../calibrate/stream/lanes.ts";

async function withLanes(threads: number, use: (lanes: Lanes) => Promise<void>): Promise<void> {
  const lanes = openLanes(threads);
  try {
    await use(lanes);
  } finally {
    lanes.close();
  }
}

Deno.test("A worker can be asked for every method of a lane", () => {
  assertEquals(LANE_METHODS.toSorted(), Object.keys(createLane()).sort());
});

Deno.test("Results are taken in the items' order, whichever is done first, and no later than they can be", async () => {
  await withLanes(3, async (lanes) => {
    const items = Array.from({ length: 12 }, (_, index) => index);
    const done: number[] = [];
    const taken: number[] = [];
    await lanes.share(
      items,
      async (_, item) => {
        await new Promise((resolve) => setTimeout(resolve, item % 3 === 0 ? 20 : 1));
        done.push(item);
        return item * 10;
      },
      (result, item) => {
        assertEquals(result, item * 10);
        assertEquals(items.slice(0, item + 1).every((earlier) => done.includes(earlier)), true);
        taken.push(item);
      },
    );
    assertEquals(taken, items);
  });
});

Deno.test("Every lane works, and an item that fails ends the work", async () => {
  await withLanes(2, async (lanes) => {
    const used = new Set<unknown>();
    await lanes.share([1, 2, 3, 4], async (lane) => {
      used.add(lane);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }, () => {});
    assertEquals(used.size, 2);
    const failing = lanes.share([1, 2], (lane) => lane.compare(0), () => {});
    await assertRejects(() => failing, Error);
  });
});
