// The package as it is packed: every file that is exported is in it, and finds what it imports.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, test } from "node:test";
import { modelPath } from "./host.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "vapo-"));
after(() => rmSync(folder, { recursive: true }));

/** Files that `npm pack` takes. */
const packed = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json"], { cwd: root, encoding: "utf8" }))[0].files;
const paths = packed.map(({ path }) => path);
for (const path of paths) {
  const to = join(folder, "node_modules/vapo", path);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join(root, path), to);
}

/** What a program prints that uses the package. */
function printed(program) {
  writeFileSync(join(folder, "program.mjs"), program);
  return execFileSync(process.execPath, [join(folder, "program.mjs")], { cwd: folder, encoding: "utf8" }).trim();
}

test("what is exported is packed, and so is what it imports", () => {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const targets = Object.values(exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
  for (const target of targets) assert.ok(paths.includes(target.slice(2)), target);
  for (const path of paths.filter((path) => path.endsWith(".js"))) {
    const text = readFileSync(join(root, path), "utf8");
    for (const [, name] of text.matchAll(/(?:^import .*from |new URL\()"(\.[^"]+)"/gm)) {
      assert.ok(paths.includes(join(dirname(path), name)), `${path} takes ${name}`);
    }
  }
});

test("the sizes in the README are those of the files, to a KB", () => {
  const said = readFileSync(join(root, "README.md"), "utf8");
  let together = 0;
  // Compilers differ a little.
  const close = (said, bytes, name) => {
    assert.ok(Math.abs(1000 * said - bytes) < 1000, `${name}: ${said} KB in README.md, found ${bytes} bytes`);
  };
  for (const [, name, whole, compressed] of said.matchAll(/^\| `([\w./]+)` \| ([\d.]+) \| ([\d.]+) KB \|$/gm)) {
    const bytes = readFileSync(join(root, "site", name));
    const small = execFileSync("gzip", ["-9nc", join(root, "site", name)]).length;
    close(whole, bytes.length, name);
    close(compressed, small, name);
    together += small;
  }
  const [, sum] = said.match(/^\| together \| [\d.]+ \| ([\d.]+) KB \|$/m);
  assert.ok(together > 50_000 && together < 100_000 && said.includes(`: ${sum} KB compressed, with the model`));
  close(sum, together, "together");
});

test("a program finds the worker by the package's name, and the worker answers", () => {
  const found = printed(`
    import { readFileSync } from "node:fs";
    import { fileURLToPath } from "node:url";
    // What a browser gives a worker.
    let heard;
    const said = [];
    globalThis.addEventListener = (_, listener) => (heard = listener);
    globalThis.postMessage = (message) => said.push(message);
    const worker = import.meta.resolve("vapo/page/worker.js");
    await import(worker);
    await heard({ data: { id: 1, call: "open", file: readFileSync(${JSON.stringify(modelPath("digits"))}) } });
    await heard({ data: { id: 2, call: "own", seed: 3 } });
    const name = fileURLToPath(worker).split("node_modules/")[1];
    console.log(name, import.meta.resolve("vapo/page/sampler.js").endsWith("page/sampler.js"), said[0].result?.classes, Number.isFinite(said[1].result));
  `);
  assert.equal(found, "vapo/page/worker.js true 10 true");
});
