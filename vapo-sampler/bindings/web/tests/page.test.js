// The page in Chromium: what a person does with it, by mouse and by keyboard, and what it says when something is wrong.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { load } from "../vapo.js";
import { boardAnswers, hostAnswers, modelBytes, modelPath } from "./host.js";
import { serve } from "./serve.js";

const site = fileURLToPath(new URL("../site", import.meta.url));
const pictures = process.env.VAPO_SCREENSHOTS;
const WAIT = 60_000;

let server, browser;
before(async () => {
  server = await serve(site);
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: sandbox });
});
after(async () => {
  await browser?.close();
  server?.close();
});

/** A page that is ready, and what went wrong in it: nothing, at its end. */
async function visit(work, { width = 1000, errors = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT);
  const found = [];
  // Chromium warns of the tests' own reading of canvases.
  const odd = (message) => ["error", "warning"].includes(message.type()) && !message.text().includes("getImageData");
  page.on("console", (message) => odd(message) && found.push(message.text()));
  page.on("pageerror", (error) => found.push(String(error)));
  page.on("request", (request) => request.url().startsWith(server.url) || found.push(request.url()));
  await page.goto(server.url);
  await work(page);
  await context.close();
  assert.equal(found.length, errors.length, found.join("\n"));
  errors.forEach((expected, index) => assert.match(found[index], expected));
}

const ready = (page) => page.waitForFunction(() => document.getElementById("energy").textContent.startsWith("Yours:"));
const text = (page, id) => page.locator(`#${id}`).textContent();
const said = (page, id, pattern) =>
  page.waitForFunction(([id, source]) => new RegExp(source).test(document.getElementById(id).textContent), [id, pattern.source]);
const lines = async (page) => (await text(page, "answer")).split("\n");
const picture = (page, name) => pictures && page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
if (pictures) mkdirSync(pictures, { recursive: true });

/** Grey levels of a canvas, from 0 to 255. */
const levels = (page, id) =>
  page.evaluate((id) => {
    const canvas = document.getElementById(id);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return Array.from({ length: data.length / 4 }, (_, pixel) => data[4 * pixel]);
  }, id);

/** Chooses the class, the steps, and so on. */
async function choose(page, { of = "", steps, solver, temperature, seed }) {
  if (solver) await page.selectOption("#solver", solver);
  const set = (id, value) =>
    page.evaluate(([id, value]) => {
      const field = document.getElementById(id);
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }, [id, String(value)]);
  await set("steps", steps);
  await set("temperature", temperature);
  await page.fill("#seed", String(seed));
  await page.locator(`#class-list label:has(input[value="${of}"])`).click();
  await page.click("#draw");
}

test("a digit appears, with a board's bytes", async () => {
  await visit(async (page) => {
    await ready(page);
    const [board] = boardAnswers();
    assert.equal(board.request, "seed=7 class=3 steps=10");
    assert.deepEqual(await lines(page), board.lines);
    assert.match(await text(page, "request"), /-- seed=7 solver=etd2 steps=10 temperature=0.3 class=3$/);
    assert.match(await text(page, "command"), /^vapo-train sample --model digits.vapo --count 1 --seed 7 .*--class 3/);
    // What is seen is that sample.
    const image = (await (await load()).open(modelBytes("digits"))).sample({ seed: 7, steps: 10, class: 3 });
    const expected = Array.from(image, (value) => Math.round(127.5 + 127.5 * Math.min(1, Math.max(-1, value))));
    assert.deepEqual(await levels(page, "image"), expected);
    assert.equal(await page.locator("#way li").count(), 11);
    assert.equal(await text(page, "model-bytes"), "34,724");
    assert.equal(page.workers().length, 1);
    await page.click("#bytes summary");
    await picture(page, "light");
  });
});

test("what the controls ask for is what this machine computes", async () => {
  await visit(async (page) => {
    await ready(page);
    const asked = [
      { of: "8", steps: 5, solver: "heun", temperature: "0.5", seed: 42 },
      { of: "", steps: 20, solver: "etd2", temperature: "1.2", seed: "18446744073709551615" },
      { of: "0", steps: 1, solver: "euler", temperature: "0", seed: 0 },
      { of: "9", steps: 12, solver: "ab2", temperature: "0.1", seed: 123456789 },
    ];
    const host = hostAnswers(asked.map(({ of, ...settings }) => ({ model: "digits", ...settings, class: of || undefined })));
    for (const [index, settings] of asked.entries()) {
      await choose(page, settings);
      await said(page, "caption", new RegExp(`seed ${settings.seed}, ${settings.steps} step`));
      await page.waitForFunction((count) => document.querySelectorAll("#way li").length === count, settings.steps + 1);
      assert.deepEqual(await lines(page), host[index], JSON.stringify(settings));
    }
  });
});

test("a digit forms step by step, and Draw does not wait for the end", async () => {
  await visit(
    async (page) => {
      await said(page, "caption", /Step 2 of 10/);
      const early = await levels(page, "image");
      await said(page, "caption", /Step 8 of 10/);
      assert.notDeepEqual(await levels(page, "image"), early);
      await said(page, "caption", /Class 3, seed 7, 10 steps/);
    },
    { reducedMotion: "no-preference" },
  );
});

test("half a digit drawn by the mouse is completed, and its energy is live", async () => {
  await visit(async (page) => {
    await ready(page);
    await page.click("#clear");
    await said(page, "energy", /Yours: .* unusual/);
    const box = await page.locator("#drawing").boundingBox();
    const at = (column, row) => [box.x + (box.width * (column + 0.5)) / 8, box.y + (box.height * (row + 0.5)) / 8];
    const strokes = [[2, 1], [3, 0], [4, 0], [5, 1], [5, 2], [4, 3]];
    await page.locator("#drawing").scrollIntoViewIfNeeded();
    const moved = await page.locator("#drawing").boundingBox();
    const lift = ([x, y]) => [x, y + moved.y - box.y];
    const before = await text(page, "energy");
    await page.mouse.move(...lift(at(...strokes[0])));
    await page.mouse.down();
    for (const stroke of strokes.slice(1)) await page.mouse.move(...lift(at(...stroke)), { steps: 3 });
    await page.mouse.up();
    await page.waitForFunction((before) => document.getElementById("energy").textContent !== before, before);
    await page.waitForFunction(() => {
      const canvas = document.getElementById("completed");
      return canvas.getContext("2d").getImageData(4, 0, 1, 1).data[0] === 255;
    });
    const [drawn, completed] = [await levels(page, "drawing"), await levels(page, "completed")];
    for (const [column, row] of strokes) assert.equal(drawn[8 * row + column], 255, `${column} ${row}`);
    // The known half is as it was drawn; the other has ink of the model's.
    assert.deepEqual(completed.slice(0, 32), drawn.slice(0, 32));
    assert.ok(completed.slice(32).filter((level) => level > 150).length >= 3, completed.slice(32).join());
    assert.match(await text(page, "completed-caption"), /^Completed, reads as \d\.$/);
    await page.click("#again");
    await page.waitForFunction((before) => {
      const canvas = document.getElementById("completed");
      const { data } = canvas.getContext("2d").getImageData(0, 4, 8, 4);
      return Array.from({ length: 32 }, (_, pixel) => data[4 * pixel]).join() !== before;
    }, completed.slice(32).join());
    await picture(page, "drawn");
  });
});

test("the keyboard is enough", async () => {
  await visit(async (page) => {
    await ready(page);
    /** Goes on by Tab to what has this id, or holds it. */
    const reach = async (selector) => {
      for (let presses = 0; presses < 40; presses++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate((selector) => document.activeElement.matches(selector), selector)) return;
      }
      assert.fail(`Tab does not reach ${selector}`);
    };
    await reach("input[name=class]");
    await page.keyboard.press("ArrowRight");
    await said(page, "caption", /Class 4, seed 7/);
    await reach("#seed");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("5");
    await page.keyboard.press("Enter");
    await said(page, "caption", /Class 4, seed 5/);
    await reach("#drawing");
    await page.keyboard.press("Delete");
    for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", " ", "ArrowRight", " "]) await page.keyboard.press(key);
    assert.equal(await text(page, "cell"), "Row 2, column 4: ink.");
    await page.keyboard.press(" ");
    assert.equal(await text(page, "cell"), "Row 2, column 4: paper.");
    for (let row = 0; row < 4; row++) await page.keyboard.press("ArrowDown");
    assert.equal(await text(page, "cell"), "Row 6, column 4: not known.");
    await reach("input[name=known]");
    assert.equal((await levels(page, "drawing"))[8 + 2], 255);
    await page.keyboard.press("ArrowLeft");
    await said(page, "completed-caption", /All of it is known/);
    await reach("#file");
    await reach("[data-model=fashion]");
    await page.keyboard.press("Enter");
    await said(page, "about", /28×28/);
  });
});

/** Drops a file on the page, as a browser does. */
async function drop(page, name, bytes) {
  const data = await page.evaluateHandle(([name, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], name));
    return data;
  }, [name, Array.from(bytes)]);
  await page.dispatchEvent("#drop", "drop", { dataTransfer: data });
}

test("a model of one's own is dropped or chosen, and draws this machine's bytes", async () => {
  await visit(async (page) => {
    await ready(page);
    await drop(page, "mine.vapo", modelBytes("digits-int8"));
    await said(page, "about", /mine.vapo.*floats, weights of 8 bits/);
    await said(page, "request", /^VAPO_MODEL=\/absolute\/path\/of\/mine.vapo .* --no-default-features --features float -- seed=7/);
    const [floats] = hostAnswers([{ model: "digits-int8", seed: 7, steps: 10, temperature: 0.3, class: 3 }]);
    assert.deepEqual(await lines(page), floats);
    await page.setInputFiles("#file", modelPath("fashion"));
    await said(page, "about", /fashion.vapo.*28×28.*none/);
    await page.waitForFunction(() => document.getElementById("image").width === 28);
    await said(page, "caption", /An image, seed 7/);
    const [garment] = hostAnswers([{ model: "fashion", seed: 7, steps: 10, temperature: 0.3 }]);
    assert.deepEqual(await lines(page), garment);
    assert.ok(await page.locator("#classes").isHidden() && (await page.locator("#fits").isHidden()));
    await page.waitForFunction(() => document.getElementById("energy").textContent.startsWith("Yours:"));
    await picture(page, "garment");
  });
});

test("what is no model is refused by name, and the model that was there goes on", async () => {
  await visit(async (page) => {
    await ready(page);
    const damaged = Uint8Array.from(modelBytes("digits"));
    damaged[20_000] ^= 1;
    const cases = [
      ["damaged.vapo", damaged, /^damaged.vapo: .*checksum/i],
      ["short.vapo", damaged.subarray(0, 100), /^short.vapo: /],
      ["notes.txt", new TextEncoder().encode("no model, but some text of mine"), /^notes.txt: .*VAPO/],
      ["empty.vapo", new Uint8Array(), /^empty.vapo: /],
      ["series.vapo", modelBytes("series"), /^series.vapo: expected a model of images, found one of a series/],
    ];
    for (const [name, bytes, message] of cases) {
      await drop(page, name, bytes);
      await said(page, "model-error", message);
      assert.ok(await page.locator("#model-error").isVisible());
    }
    await picture(page, "refused");
    await page.click("#next-seed");
    await said(page, "caption", /Class 3, seed 8/);
    const [host] = hostAnswers([{ model: "digits", seed: 8, steps: 10, temperature: 0.3, class: 3 }]);
    assert.deepEqual(await lines(page), host);
    await drop(page, "good.vapo", modelBytes("digits"));
    await said(page, "about", /good.vapo/);
    assert.ok(await page.locator("#model-error").isHidden());
  });
});

test("of models that are asked for at once the last stays, and nothing is said of the others", async () => {
  const both = (page, ...names) =>
    page.evaluate((names) => names.forEach((name) => document.querySelector(`[data-model=${name}]`).click()), names);
  const opened = { digits: [/Digits.*8×8/, 8], fashion: [/Garments.*28×28/, 28] };
  await visit(async (page) => {
    await ready(page);
    for (const names of [["fashion"], ["digits", "fashion"], ["fashion", "digits"], ["fashion", "digits", "fashion"]]) {
      await both(page, ...names);
      const [about, width] = opened[names.at(-1)];
      await said(page, "about", about);
      await page.waitForFunction((width) => document.getElementById("image").width === width, width);
      await ready(page);
      assert.ok(await page.locator("#alert").isHidden(), `${names}: ${await text(page, "alert")}`);
      assert.ok(await page.locator("#model-error").isHidden(), `${names}: ${await text(page, "model-error")}`);
      assert.match(await text(page, "about"), about);
    }
    // One that arrives late, after another was asked for.
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route("**/models/digits.vapo", async (route) => {
      await held;
      await route.continue();
    });
    const late = page.waitForResponse("**/models/digits.vapo");
    await both(page, "digits");
    await drop(page, "mine.vapo", modelBytes("fashion"));
    await said(page, "about", /mine.vapo/);
    release();
    await (await late).finished();
    await ready(page);
    await page.click("#next-seed");
    await said(page, "caption", /An image, seed 8/);
    assert.match(await text(page, "about"), /mine.vapo/);
    assert.ok(await page.locator("#alert").isHidden());
  });
});

test("a seed that is none is refused beside its field", async () => {
  await visit(async (page) => {
    await ready(page);
    for (const seed of ["", "-1", "1.5", "seven", "18446744073709551616"]) {
      await page.fill("#seed", seed);
      await page.click("#draw");
      await said(page, "seed-error", /^Expected a whole number from 0 to 18446744073709551615, found/);
      assert.equal(await page.getAttribute("#seed", "aria-invalid"), "true");
    }
    await page.fill("#seed", "9");
    await page.click("#draw");
    await said(page, "caption", /seed 9/);
    assert.ok(await page.locator("#seed-error").isHidden());
  });
});

test("a module that is missed before a model is there is said once, on the page", async () => {
  server.without.add("/vapo.wasm");
  try {
    await visit(async (page) => {
      await page.route("**/models/digits.vapo", async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        await route.continue();
      });
      await page.reload();
      await said(page, "model-error", /copy vapo.wasm there/);
    });
  } finally {
    server.without.delete("/vapo.wasm");
  }
});

test("a page that lacks its module or its model says so", async () => {
  // What a worker does not find Chromium does not tell the page's console.
  const cases = [["/vapo.wasm", /copy vapo.wasm there/, []], ["/models/digits.vapo", /status 404/, [/404/]]];
  for (const [path, message, errors] of cases) {
    server.without.add(path);
    try {
      await visit(async (page) => said(page, "model-error", message), { errors });
    } finally {
      server.without.delete(path);
    }
  }
});

for (const [colorScheme, width] of [["light", 360], ["dark", 360], ["dark", 1000]]) {
  test(`it fits ${width} pixels, and is legible in ${colorScheme}`, async () => {
    await visit(
      async (page) => {
        await ready(page);
        await page.click("#bytes summary");
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
        const contrasts = await page.evaluate(() => {
          const style = getComputedStyle(document.documentElement);
          const light = (name) => {
            const channels = style.getPropertyValue(name).match(/[0-9a-f]{2}/g).map((digits) => parseInt(digits, 16) / 255);
            const [r, g, b] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const pairs = [["ink", "paper"], ["ink", "card"], ["quiet", "paper"], ["quiet", "card"], ["on-accent", "accent"], ["alert", "card"], ["alert", "alert-paper"]];
          return pairs.map(([a, b]) => {
            const [x, y] = [light(`--${a}`), light(`--${b}`)];
            return [a, b, (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)];
          });
        });
        for (const [a, b, contrast] of contrasts) assert.ok(contrast >= 4.5, `${a} on ${b}: ${contrast}`);
        const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        assert.equal(background, colorScheme === "dark" ? "rgb(20, 23, 26)" : "rgb(246, 244, 238)");
        await picture(page, `${colorScheme}-${width}`);
      },
      { width, colorScheme },
    );
  });
}

test("every control and every picture has a name", async () => {
  await visit(async (page) => {
    await ready(page);
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll("input, select, button, canvas, [role=meter], ol, pre")]
        .filter((element) => {
          const named = element.ariaLabel || element.labels?.[0]?.textContent.trim() || element.getAttribute("aria-labelledby");
          return !named && !(element.tagName === "BUTTON" && element.textContent.trim());
        })
        .map((element) => element.outerHTML),
    );
    assert.deepEqual(nameless, []);
  });
});
