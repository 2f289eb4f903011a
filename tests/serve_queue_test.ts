import { assert, assertEquals, assertRejects } from "@std/assert";
import { HttpError } from "../runtime/http/mod.ts";
import { createMetrics, type Metrics } from "../runtime/http/metrics/metrics.ts";
import { createQueue, type Queue, type QueueSettings, type Ticket } from "../runtime/http/serve/queue.ts";

const NET = { name: "net", version: "1" };
const OTHER = { name: "other", version: "1" };

/** A batch that a queue has started and the test ends. */
interface Started {
  worker: number;
  model: string;
  tasks: number[];
  batch: readonly Ticket<number, string>[];
  finish(): void;
}

function start(
  workers: number,
  settings: Partial<QueueSettings> = {},
): { queue: Queue<number, string>; started: Started[]; series: (name: string) => number[] } {
  const started: Started[] = [];
  const metrics = createMetrics();
  const queue = createQueue<number, string>(
    workers,
    (worker, { name }, batch) =>
      new Promise((resolve) => {
        const finish = () => {
          for (const ticket of batch) ticket.resolve(`${name} ${ticket.task}`);
          resolve();
        };
        started.push({ worker, model: name, tasks: batch.map(({ task }) => task), batch, finish });
      }),
    { maxBatch: 4, maxDelay: 0, maxQueue: 100, ...settings },
    metrics,
  );
  const series = (name: string) =>
    Object.values(metrics).map((instrument: Metrics[keyof Metrics]) => instrument.family())
      .find((family) => family.name === name)!.samples.map(({ value }) => value);
  return { queue, started, series };
}

/** Lets promises that are settled have their effect. */
const turn = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("a queue gives each request its own result, in the order in which they came", async () => {
  const { queue, started } = start(1);
  const results = [1, 2, 3, 4, 5, 6, 7].map((task) => queue.submit(NET, task, 1));
  assertEquals(started.map(({ tasks }) => tasks), [[1]]);
  started[0].finish();
  await turn();
  assertEquals(started[1].tasks, [2, 3, 4, 5]);
  started[1].finish();
  await turn();
  assertEquals(started[2].tasks, [6, 7]);
  started[2].finish();
  assertEquals(await Promise.all(results), [1, 2, 3, 4, 5, 6, 7].map((task) => `net ${task}`));
});

Deno.test("a batch holds no more samples than it may, and a request of more goes alone", async () => {
  const { queue, started, series } = start(1);
  for (const [task, samples] of [[0, 1], [1, 3], [2, 2], [3, 9], [4, 1]]) queue.submit(NET, task, samples);
  for (let batch = 0; batch < started.length; batch++) {
    started[batch].finish();
    await turn();
  }
  assertEquals(started.map(({ tasks }) => tasks), [[0], [1], [2], [3], [4]]);
  assertEquals(series("octet_batch_size").at(-1), 5);
});

Deno.test("a free worker leaves its share to the others", async () => {
  const { queue, started } = start(2, { maxBatch: 100 });
  for (let task = 0; task < 8; task++) queue.submit(NET, task, 1);
  assertEquals(started.map(({ worker, tasks }) => [worker, tasks]), [[0, [0]], [1, [1]]]);
  started[1].finish();
  await turn();
  assertEquals([started[2].worker, started[2].tasks], [1, [2, 3, 4]]);
  started[0].finish();
  await turn();
  assertEquals([started[3].worker, started[3].tasks], [0, [5, 6]]);
});

Deno.test("models take turns by who has waited longest, and are never mixed", async () => {
  const { queue, started } = start(1, { maxBatch: 2 });
  for (let task = 0; task < 5; task++) queue.submit(NET, task, 1);
  queue.submit(OTHER, 9, 1);
  await turn();
  for (let batch = 0; batch < started.length; batch++) {
    started[batch].finish();
    await turn();
  }
  assertEquals(started.map(({ model, tasks }) => [model, tasks]), [
    ["net", [0]],
    ["net", [1, 2]],
    ["net", [3, 4]],
    ["other", [9]],
  ]);
});

Deno.test("requests wait for others to come with them, until the batch is full or the delay is over", async () => {
  const { queue, started } = start(1, { maxBatch: 3, maxDelay: 60_000 });
  const results = [1, 2].map((task) => queue.submit(NET, task, 1));
  await turn();
  assertEquals(started.length, 0);
  results.push(queue.submit(NET, 3, 1));
  assertEquals(started[0].tasks, [1, 2, 3]);
  started[0].finish();
  await Promise.all(results);

  const brief = start(1, { maxBatch: 3, maxDelay: 30 });
  const since = performance.now();
  const result = brief.queue.submit(NET, 1, 1);
  while (brief.started.length === 0) await turn();
  assert(performance.now() - since >= 29);
  brief.started[0].finish();
  await result;
});

Deno.test("a full queue refuses a model's requests with status 429 and others' not", async () => {
  const { queue, started, series } = start(1, { maxQueue: 2 });
  queue.submit(NET, 0, 1);
  queue.submit(NET, 1, 1);
  assertEquals(queue.full(NET), false);
  queue.submit(NET, 2, 1);
  assertEquals([queue.full(NET), queue.full(OTHER)], [true, false]);
  const error = await assertRejects(() => queue.submit(NET, 3, 1), HttpError, "Too many requests wait");
  assertEquals([error.status, error.reason, error.headers["retry-after"]], [429, "queue_full", "1"]);
  queue.submit(OTHER, 4, 1);
  assertEquals(series("octet_queue_length"), [2, 1]);
  started[0].finish();
  await turn();
  assertEquals(queue.full(NET), false);
});

Deno.test("a request whose client goes away leaves the queue, and its task is not run", async () => {
  const { queue, started, series } = start(1, { maxQueue: 2 });
  const gone = new AbortController();
  const first = queue.submit(NET, 0, 1);
  const second = queue.submit(NET, 1, 1, gone.signal);
  const third = queue.submit(NET, 2, 1, new AbortController().signal);
  gone.abort();
  const error = await assertRejects(() => second, HttpError);
  assertEquals([error.status, error.reason, queue.full(NET), series("octet_queue_length")], [499, "cancelled", false, [
    1,
  ]]);
  await assertRejects(() => queue.submit(NET, 3, 1, gone.signal), HttpError, "gone");
  started[0].finish();
  await turn();
  assertEquals(started[1].tasks, [2]);
  started[1].finish();
  assertEquals(await Promise.all([first, third]), ["net 0", "net 2"]);
});

Deno.test("a request that is given up in a batch tells its worker", async () => {
  const { queue, started } = start(1);
  const gone = new AbortController();
  const result = queue.submit(NET, 0, 1, gone.signal);
  let told = 0;
  started[0].batch[0].onCancel = () => told++;
  gone.abort();
  await assertRejects(() => result, HttpError);
  assertEquals([told, started[0].batch[0].cancelled], [1, true]);
  started[0].finish();
});

Deno.test("a batch that cannot be run fails its requests and frees its worker", async () => {
  let broken = true;
  const queue = createQueue<number, string>(
    1,
    (_worker, _model, batch) => {
      if (broken) return Promise.reject(new Error("no thread"));
      batch.forEach((ticket) => ticket.resolve("done"));
      return Promise.resolve();
    },
    { maxBatch: 4, maxDelay: 0, maxQueue: 10 },
    createMetrics(),
  );
  await assertRejects(() => queue.submit(NET, 0, 1), Error, "no thread");
  broken = false;
  assertEquals(await queue.submit(NET, 0, 1), "done");
});
