import { assertEquals, assertRejects } from "@std/assert";
import { type Lanes, openLanes } from "../calibrate/lanes/lanes.ts";
import { InputRangeError } from "../runtime/errors.ts";
import { SUMS } from "./support/sum_stage.ts";

async function withLanes(threads: number, use: (lanes: Lanes<typeof SUMS>) => Promise<void>): Promise<void> {
  const lanes = openLanes(SUMS, threads);
  try {
    await lanes.use({ base: 100 });
    await use(lanes);
  } finally {
    lanes.close();
  }
}

for (const threads of [1, 3]) {
  Deno.test(`A stage has its own state on each lane and each time it is opened, ${threads} threads`, async () => {
    await withLanes(threads, async (lanes) => {
      assertEquals(lanes.count, threads);
      const [one, other] = await Promise.all([
        lanes.open("sum", (lane) => ({ first: lane })),
        lanes.open("sum", () => ({ first: 50 })),
      ]);
      await one.everywhere("add", 10);
      await one.all[0].run("add", 1000);
      const lane = Array.from({ length: threads }, (_, index) => index);
      assertEquals(await one.everywhere("total"), lane.map((index) => 110 + index + (index === 0 ? 1000 : 0)));
      assertEquals(await other.everywhere("total"), lane.map(() => 150));
    });
  });

  Deno.test(`What stages share is replaced for those that are opened later, ${threads} threads`, async () => {
    await withLanes(threads, async (lanes) => {
      const before = await lanes.open("sum", () => ({ first: 0 }));
      await lanes.use({ base: 7 });
      const after = await lanes.open("sum", () => ({ first: 0 }));
      assertEquals(new Set(await before.everywhere("total")), new Set([100]));
      assertEquals(new Set(await after.everywhere("total")), new Set([7]));
    });
  });

  Deno.test(`A stage that was closed answers no more, and the others do, ${threads} threads`, async () => {
    await withLanes(threads, async (lanes) => {
      const [one, other] = [
        await lanes.open("sum", () => ({ first: 1 })),
        await lanes.open("sum", () => ({ first: 2 })),
      ];
      await one.close();
      await assertRejects(() => one.everywhere("total"), Error);
      assertEquals((await other.everywhere("total"))[0], 102);
    });
  });

  Deno.test(`An error of a task comes back as what it was, ${threads} threads`, async () => {
    await withLanes(threads, async (lanes) => {
      const team = await lanes.open("sum", () => ({ first: 0 }));
      await assertRejects(() => team.everywhere("add", -1), InputRangeError, "-1 is negative");
      const failing = team.share([1, -2, 3], (lane, item) => lane.run("add", item), () => {});
      await assertRejects(() => failing, InputRangeError, "-2 is negative");
    });
  });
}

Deno.test("Results are taken in the items' order, whichever is done first, and no later than they can be", async () => {
  await withLanes(3, async (lanes) => {
    const team = await lanes.open("sum", () => ({ first: 0 }));
    const items = Array.from({ length: 12 }, (_, index) => index);
    const done: number[] = [];
    const taken: number[] = [];
    const told: number[] = [];
    await team.share(
      items,
      async (lane, item) => {
        await lane.run("add", item + 1, item % 3 === 0 ? 20 : 1);
        done.push(item);
        return item * 10;
      },
      (result, item) => {
        assertEquals(result, item * 10);
        assertEquals(items.slice(0, item + 1).every((earlier) => done.includes(earlier)), true);
        taken.push(item);
      },
      (count) => {
        assertEquals(count <= done.length, true);
        told.push(count);
      },
    );
    assertEquals(taken, items);
    assertEquals(told, items.map((index) => index + 1));
    const totals = await team.everywhere("total");
    assertEquals(totals.reduce((sum, total) => sum + total - 100, 0), 78);
    assertEquals(totals.every((total) => total > 100), true);
  });
});

Deno.test("What a stage does not have, or takes otherwise, does not compile", () => {
  const ask = async (lanes: Lanes<typeof SUMS>) => {
    // @ts-expect-error: there is no such stage.
    await lanes.open("product", () => ({ first: 1 }));
    // @ts-expect-error: the option is missing.
    await lanes.open("sum", () => ({}));
    const team = await lanes.open("sum", () => ({ first: 1 }));
    // @ts-expect-error: there is no such task.
    await team.everywhere("multiply", 2);
    // @ts-expect-error: the task takes a number.
    await team.all[0].run("add", "2");
    const totals: number[] = await team.everywhere("total");
    return totals;
  };
  assertEquals(typeof ask, "function");
});
