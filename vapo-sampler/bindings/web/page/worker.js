// The sampler in a worker, so that a page never waits for it. A message asks for one thing by its `id`, and gets one answer of that id: a
// `result` or an `error`. A message with `step` may come before it.

import { answer } from "../answer.js";
import { checksum, load, VapoError } from "../vapo.js";

const module = load();
// Whoever opens a model is told; until then it is nobody's.
module.catch(() => {});
let model;
/** The opening before. */
let before = Promise.resolve();

async function open(file) {
  const opened = await (await module).open(file);
  if (opened.info.height === 1) {
    throw new VapoError("expected a model of images, found one of a series: `vapo-train sample` draws it");
  }
  model = opened;
  return model.info;
}

const calls = {
  /** One after another: the model is the one that was asked for last. */
  open({ file }) {
    const opening = before.then(() => open(file));
    before = opening.catch(() => {});
    return opening;
  },

  sample({ settings }, tell) {
    const { image, lines } = answer(model, { ...settings, onStep: tell });
    return { image, lines, checksum: checksum(image) };
  },

  restore({ image, known, settings }) {
    return model.restore(image, known, settings);
  },

  judge({ image }) {
    return { energy: model.energy(image), found: model.classify(image), verdict: model.verdict(image) };
  },

  /** The energy of a sample of the model's own. */
  own({ seed }) {
    return model.energy(model.sample({ seed, steps: 10 }));
  },
};

addEventListener("message", async ({ data: { id, call, ...asked } }) => {
  try {
    const result = await calls[call](asked, (step) => postMessage({ id, step }));
    postMessage({ id, result });
  } catch (error) {
    // What is refused is a sentence for people; anything else is a fault of this page.
    postMessage({ id, error: error instanceof VapoError ? error.message : `this page failed: ${error}` });
  }
});
