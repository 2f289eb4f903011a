import { InputRangeError } from "../../runtime/errors.ts";

/** A table with one stage, which adds numbers up. */
export const SUMS = {
  worker: new URL("./sum_worker.ts", import.meta.url),
  share: (setup: { base: number }) => Promise.resolve(setup),
  stages: {
    sum: ({ base }: { base: number }, { first }: { first: number }) => {
      let sum = base + first;
      return {
        async add(value: number, milliseconds = 0): Promise<number> {
          if (value < 0) throw new InputRangeError(`${value} is negative`);
          await new Promise((resolve) => setTimeout(resolve, milliseconds));
          return sum += value;
        },
        total: () => sum,
      };
    },
  },
};
