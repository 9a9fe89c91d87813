// Milliseconds that a sample of ten steps takes, in Node.js and in Chromium: `node tests/speed.js`, after `./test`,
// which installs Chromium and builds the page. The best of many, since other work on the machine only ever slows one down.

import { chromium } from "playwright-core";
import { fileURLToPath } from "node:url";
import { modelBytes } from "./host.js";
import { serve } from "./serve.js";

/** Runs in Chromium too: nothing outside is used. */
async function measure([module, file]) {
  const { load } = await import(module);
  const model = await (await load()).open(Uint8Array.from(file));
  let best = Infinity;
  for (let seed = 0; seed < 200; seed++) {
    const start = performance.now();
    model.sample({ seed, steps: 10 });
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

const server = await serve(fileURLToPath(new URL("../site", import.meta.url)));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage();
await page.goto(server.url);
for (const name of ["digits", "digits-int8", "fashion"]) {
  const file = Array.from(modelBytes(name));
  const node = await measure([new URL("../vapo.js", import.meta.url).href, file]);
  const chrome = await page.evaluate(measure, [new URL("vapo.js", server.url).href, file]);
  console.log(`${name.padEnd(12)} Node.js ${node.toFixed(2)} ms, Chromium ${chrome.toFixed(2)} ms`);
}
await browser.close();
server.close();
