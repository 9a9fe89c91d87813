// The worker's calls, as promises.

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const waiting = new Map();
let calls = 0;

worker.addEventListener("message", ({ data: { id, step, result, error } }) => {
  const { resolve, reject, onStep } = waiting.get(id);
  if (step) return onStep?.(step);
  waiting.delete(id);
  if (error === undefined) resolve(result);
  else reject(new Error(error));
});

worker.addEventListener("error", () => {
  waiting.forEach(({ reject }) => reject(new Error("the worker could not be started: serve this folder over HTTP")));
  waiting.clear();
});

/** Asks the worker. `onStep` is told the steps of a sample. */
export function ask(call, asked = {}, onStep) {
  const id = calls++;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, onStep });
    worker.postMessage({ id, call, ...asked });
  });
}

/** A task that is run again after it ends, once, if it was asked for meanwhile: what is shown is always of the last wish. */
export function latest(task) {
  let running = false;
  let again = false;
  return async () => {
    if (running) again = true;
    if (running) return;
    do {
      running = true;
      again = false;
      await task().finally(() => (running = false));
    } while (again);
  };
}
