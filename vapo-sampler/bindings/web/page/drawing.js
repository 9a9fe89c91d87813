// What is drawn by mouse, finger or keyboard, pixel by pixel, and which part of it is known.

import { show } from "./pictures.js";

/** Paper is -1, ink is 1. */
const PAPER = -1;
const INK = 1;
/** The ink that a pixel beside a stroke gets, as in digits that were scanned. */
const BESIDE = -0.2;
/** How much is shown of what is not known. */
const UNKNOWN = 0.35;

const PARTS = {
  top: (row, _, { height }) => row < height / 2,
  bottom: (row, _, { height }) => row >= height / 2,
  left: (_, column, { width }) => column < width / 2,
  right: (_, column, { width }) => column >= width / 2,
  all: () => true,
};

/** A drawing on a canvas. `changed` is called after each change, `moved` with a sentence on the pixel that the keyboard is at. */
export function drawing(canvas, changed, moved) {
  let info = { height: 1, width: 1, channels: 1, elements: 1 };
  let image = new Float32Array(1);
  let part = "top";
  let cursor;
  let last;

  const isKnown = (pixel) => PARTS[part](Math.floor(pixel / info.width), pixel % info.width, info);
  const at = (row, column) => row * info.width + column;
  const value = (pixel) => image[pixel * info.channels];
  const set = (pixel, ink) => image.fill(ink, pixel * info.channels, (pixel + 1) * info.channels);

  function refresh() {
    show(canvas, image, info, (pixel) => (isKnown(pixel) ? 1 : UNKNOWN));
    const context = canvas.getContext("2d");
    for (let pixel = 0; pixel < info.width * info.height; pixel++) {
      if (!isKnown(pixel)) {
        context.fillStyle = (Math.floor(pixel / info.width) + pixel) % 2 ? "#8a8f94" : "#7d8287";
        context.fillRect(pixel % info.width, Math.floor(pixel / info.width), 1, 1);
      }
    }
    if (cursor && document.activeElement === canvas && canvas.matches(":focus-visible")) {
      context.fillStyle = "rgb(90 190 205 / 70%)";
      context.fillRect(cursor.column, cursor.row, 1, 1);
    }
  }

  /** Inks a pixel, and what is beside it a little. Larger images have a wider pen. */
  function ink(row, column) {
    const reach = Math.max(1, Math.round(info.width / 14));
    for (let y = row - reach; y <= row + reach; y++) {
      for (let x = column - reach; x <= column + reach; x++) {
        const pixel = at(y, x);
        if (y < 0 || x < 0 || y >= info.height || x >= info.width || !isKnown(pixel)) continue;
        const distance = Math.hypot(y - row, x - column);
        const given = distance < reach ? INK : distance === reach ? BESIDE : PAPER;
        set(pixel, Math.max(value(pixel), given));
      }
    }
  }

  function pixelOf(event) {
    const box = canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * info.height);
    const column = Math.floor(((event.clientX - box.left) / box.width) * info.width);
    return { row: Math.min(info.height - 1, Math.max(0, row)), column: Math.min(info.width - 1, Math.max(0, column)) };
  }

  function stroke(to) {
    const from = last ?? to;
    const count = Math.max(1, Math.abs(to.row - from.row), Math.abs(to.column - from.column));
    for (let step = 0; step <= count; step++) {
      const between = (a, b) => Math.round(a + ((b - a) * step) / count);
      ink(between(from.row, to.row), between(from.column, to.column));
    }
    last = to;
    refresh();
    changed();
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    last = undefined;
    stroke(pixelOf(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) stroke(pixelOf(event));
  });

  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    cursor ??= { row: 0, column: 0 };
    if (event.key in MOVES) {
      const [down, right] = MOVES[event.key];
      cursor.row = Math.min(info.height - 1, Math.max(0, cursor.row + down));
      cursor.column = Math.min(info.width - 1, Math.max(0, cursor.column + right));
    } else if (event.key === " ") {
      const pixel = at(cursor.row, cursor.column);
      if (isKnown(pixel)) {
        if (value(pixel) === INK) set(pixel, PAPER);
        else ink(cursor.row, cursor.column);
        changed();
      }
    } else if (event.key === "Delete" || event.key === "Backspace") {
      clear();
    } else {
      return;
    }
    event.preventDefault();
    refresh();
    tell();
  });
  canvas.addEventListener("focus", () => {
    cursor ??= { row: 0, column: 0 };
    refresh();
  });
  canvas.addEventListener("blur", refresh);

  function tell() {
    const pixel = at(cursor.row, cursor.column);
    const state = !isKnown(pixel) ? "not known" : value(pixel) > 0 ? "ink" : "paper";
    moved(`Row ${cursor.row + 1}, column ${cursor.column + 1}: ${state}.`);
  }

  function clear() {
    image.fill(PAPER);
    refresh();
    changed();
  }

  return {
    /** Begins anew with images of a model. */
    begin(of) {
      info = of;
      image = new Float32Array(info.elements).fill(PAPER);
      cursor = undefined;
      refresh();
    },
    /** Takes what is known of an image. */
    take(other) {
      const taken = (value, index) => (isKnown(Math.floor(index / info.channels)) ? Math.min(INK, Math.max(PAPER, value)) : PAPER);
      image = Float32Array.from(other, taken);
      refresh();
      changed();
    },
    /** Says which part is known. */
    setPart(name) {
      part = name;
      refresh();
      changed();
    },
    clear,
    get image() {
      return image;
    },
    /** Where it is known, a mark a number. */
    get known() {
      return Array.from(image, (_, index) => isKnown(Math.floor(index / info.channels)));
    },
    get isComplete() {
      return part === "all";
    },
  };
}
